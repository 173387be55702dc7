// swift-tools-version: 6.2
import PackageDescription

/// Builds the documentation of NimmerCell. A package of its own, so that a build of nimmerverse does not build the plugin.
let package = Package(
    name: "nimmerverse-docc",
    dependencies: [
        .package(name: "nimmerverse", path: "../.."),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
    ],
    targets: [
        .target(name: "Guide", dependencies: [.product(name: "NimmerCell", package: "nimmerverse")], path: "Guide")
    ]
)
