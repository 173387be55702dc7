import ArgumentParser
import NimmerOutput

/// Colour, for every command that prints to a person.
struct ColorOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Colour the output: auto (only on a terminal), always or never.", valueName: "when"))
    var color: ColorChoice = .auto

    var paint: Paint { Paint(color) }
}

/// JSON instead of text, for every command that a program might read.
struct JSONOptions: ParsableArguments {
    @Flag(help: "Print JSON for programs to read, instead of text.")
    var json = false
}
