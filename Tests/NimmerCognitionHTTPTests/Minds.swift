import Testing

/// What asks a mind, against real and false servers; one after the other, since a look at a server may take two seconds only.
@Suite("Asking a mind", .serialized) struct Minds {}
