// A cell is one file with one import: what its face speaks of comes with it. The attribute is the compiler's only way to
// say so, and underscored only because its spelling may change.
@_exported import Logging
@_exported import NimmerBus
@_exported import NimmerGate
@_exported import NimmerProcess
@_exported import NimmerSystem
@_exported import NimmerWave
