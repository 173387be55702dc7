// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds the product builds the benchmarks. Run it by Tests/Benchmarks/run.py.
let package = Package(
    name: "benchmarks",
    dependencies: [.package(name: "nimmerverse", path: "../..")],
    targets: [
        .executableTarget(
            name: "hotpath",
            dependencies: [
                .product(name: "NimmerWave", package: "nimmerverse"),
                .product(name: "NimmerGate", package: "nimmerverse"),
                .product(name: "NimmerSystem", package: "nimmerverse"),
                .product(name: "NimmerSystemFile", package: "nimmerverse"),
                .product(name: "NimmerThalamus", package: "nimmerverse"),
            ]),
        .executableTarget(
            name: "thalamus-reader",
            dependencies: [
                .product(name: "NimmerWave", package: "nimmerverse"),
                .product(name: "NimmerBus", package: "nimmerverse"),
                .product(name: "NimmerBusNATS", package: "nimmerverse"),
                .product(name: "NimmerSystem", package: "nimmerverse"),
                .product(name: "NimmerSystemFile", package: "nimmerverse"),
                .product(name: "NimmerThalamus", package: "nimmerverse"),
            ]),
        .executableTarget(
            name: "meaning-table",
            dependencies: [.product(name: "NimmerIris", package: "nimmerverse")]),
        .executableTarget(
            name: "memory-copy",
            dependencies: [
                .product(name: "NimmerWave", package: "nimmerverse"),
                .product(name: "NimmerMemory", package: "nimmerverse"),
                .product(name: "NimmerMemoryPostgres", package: "nimmerverse"),
                .product(name: "NimmerPlatform", package: "nimmerverse"),
                .product(name: "NimmerServers", package: "nimmerverse"),
            ]),
        .executableTarget(
            name: "meaning-search",
            dependencies: [
                .product(name: "NimmerIris", package: "nimmerverse"),
                .product(name: "NimmerWave", package: "nimmerverse"),
                .product(name: "NimmerMemory", package: "nimmerverse"),
                .product(name: "NimmerMemoryPostgres", package: "nimmerverse"),
                .product(name: "NimmerPlatform", package: "nimmerverse"),
                .product(name: "NimmerServers", package: "nimmerverse"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
