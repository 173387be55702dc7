// swift-tools-version: 6.2
// In one file, though long: SwiftPM reads a package from one, and RoomsTests holds it to the table in docs/architecture.md.
import PackageDescription

/// The rules of docs/decisions: Swift 6 language mode everywhere, and a warning is an error.
let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let http: [Target.Dependency] = [
    .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
]
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")

/// A room of the system: a library that others may import.
func library(
    _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = strict
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// With `NIMMER_FAIL_POINTS` set, release builds have the fail points too that debug builds have, for the tests that kill processes.
let failPoints: [SwiftSetting] =
    Context.environment["NIMMER_FAIL_POINTS"] == nil ? [] : [.define("NIMMER_FAIL_POINTS")]

/// An executable under Sources/ that only wires.
func service(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: strict)
}

/// A cell or nerve: `<folder>/Logic/` is an importable library (replay and tests use it), `<folder>/Machine/`, where there is one, what
/// it touches of the machine, which is handed to the logic, and `<folder>/Main.swift` the process. A `client` is a room that is handed
/// to the logic, too.
func organism(
    _ folder: String, library: String, logic: [Target.Dependency], machine: String? = nil,
    _ machineUses: [Target.Dependency] = [], client: String? = nil, executable: String
) -> [Target] {
    let room: [Target] =
        machine.map { name in
            [.target(name: name, dependencies: machineUses, path: "\(folder)/Machine", swiftSettings: strict)]
        } ?? []
    return room + [
        .target(name: library, dependencies: logic, path: "\(folder)/Logic", swiftSettings: strict),
        .executableTarget(
            name: executable,
            dependencies: [.target(name: library), "NimmerCell", "NimmerBusNATS", "NimmerSystemFile"]
                + room.map { .target(name: $0.name) } + (client.map { [.target(name: $0)] } ?? []),
            path: folder, exclude: ["README.md", "Logic"] + (machine == nil ? [] : ["Machine"]),
            sources: ["Main.swift"], swiftSettings: strict),
    ]
}

func tests(_ name: String, _ dependencies: [Target.Dependency], except files: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: files, swiftSettings: strict)
}

/// `NIMMER_TESTS=NimmerGateTests swift test` builds and runs only the test targets that it names (separated by commas) and
/// what they link: the short way round while working on one room. Executables that a test starts are not among it: build those
/// before, without the variable. Empty, it leaves out every test, for builds that have none of their files.
let wantedTests = Context.environment["NIMMER_TESTS"]?.split(separator: ",").map(String.init)

let package = Package(
    name: "nimmerverse",
    products: [
        .library(name: "NimmerCell", targets: ["NimmerCell"]),
        .library(name: "NimmerSensing", targets: ["NimmerSensing"]),
        .library(name: "NimmerProcess", targets: ["NimmerProcess"]),
        .library(name: "NimmerBusNATS", targets: ["NimmerBusNATS"]),
        .library(name: "NimmerWave", targets: ["NimmerWave"]),
        .library(name: "NimmerGate", targets: ["NimmerGate"]),
        .library(name: "NimmerBus", targets: ["NimmerBus"]),
        .library(name: "NimmerSystem", targets: ["NimmerSystem"]),
        .library(name: "NimmerSystemFile", targets: ["NimmerSystemFile"]),
        .library(name: "NimmerPlatform", targets: ["NimmerPlatform"]),
        .library(name: "NimmerThalamus", targets: ["NimmerThalamus"]),
        .library(name: "NimmerIris", targets: ["NimmerIris"]),
        .library(name: "NimmerMemory", targets: ["NimmerMemory"]),
        .library(name: "NimmerMemoryPostgres", targets: ["NimmerMemoryPostgres"]),
        .library(name: "NimmerServers", targets: ["NimmerServers"]),
        .library(name: "NimmerTesting", targets: ["NimmerTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.2.0"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl"),
        .systemLibrary(name: "CNATS"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CPostgres"),
        .systemLibrary(name: "CYAML"),
        .systemLibrary(name: "CZlib"),
        // Python writes the types of messages from their declarations (decision 0023); builds do not run it.
        .target(
            name: "NimmerWave", exclude: ["Messages/Declarations", "Messages/generate.py"], swiftSettings: strict),
        .target(name: "CPrefetch"),
        library("NimmerGate", ["NimmerWave"]),
        library("NimmerBus", ["NimmerPlatform", "NimmerWave"]),
        library("NimmerPlatform", ["CPlatform"]),
        library("NimmerIris", ["NimmerPlatform", "NimmerWave"]),
        library("NimmerMemory", ["NimmerIris", "NimmerWave"]),
        library("NimmerThalamus", ["CPrefetch", "NimmerGate", "NimmerIris", "NimmerSystem", "NimmerWave", heap]),
        library("NimmerCognition", ["NimmerBus", "NimmerSystem", "NimmerWave"]),
        library(
            "NimmerCognitionHTTP",
            ["NimmerCognition", "NimmerHTTP", "NimmerPlatform", "NimmerSystem", "NimmerWave"]),
        library("NimmerWeb", ["NimmerWave"]),
        library("NimmerHTTP", ["CCurl", "COpenSSL", "NimmerPlatform", "NimmerWave", "NimmerWeb"]),
        library("NimmerSystem", ["NimmerGate", "NimmerWave"]),
        library("NimmerSystemFile", ["CYAML", "NimmerPlatform", "NimmerSystem", "NimmerWave"]),
        .target(name: "CTerminal"),
        library("NimmerIdentity", ["NimmerBus", "NimmerPlatform", "NimmerServers", "NimmerSystem", "NimmerWave"]),
        library("NimmerTerminal", ["CTerminal", "NimmerPlatform", "NimmerWave"]),
        library("NimmerScope", ["NimmerGate", "NimmerTerminal", "NimmerWave"]),
        library(
            "NimmerProcess",
            [
                "NimmerBus", "NimmerIris", "NimmerPlatform", "NimmerSystem", "NimmerWave", metrics, log, lifecycle,
                unixSignals,
            ]),
        library(
            "NimmerCell",
            [
                "NimmerBus", "NimmerGate", "NimmerPlatform", "NimmerProcess", "NimmerSystem", "NimmerWave", log,
                lifecycle,
            ]),
        library("NimmerSensing", ["NimmerPlatform", "NimmerProcess", "NimmerWave"]),
        library("NimmerBusNATS", ["CNATS", "NimmerBus", "NimmerPlatform", "NimmerWave"]),
        library("NimmerMemoryPostgres", ["CPostgres", "NimmerIris", "NimmerMemory", "NimmerPlatform", "NimmerWave"]),
        .target(name: "CPlatform"),
        .target(name: "CRename"),
        library("NimmerServers", ["NimmerPlatform"]),
        library(
            "NimmerTesting",
            ["NimmerBus", "NimmerCell", "NimmerIris", "NimmerMemory", "NimmerProcess", "NimmerSystem", "NimmerWave"]),
        library(
            "NimmerThalamusProcess",
            [
                "NimmerBus", "NimmerIris", "NimmerPlatform", "NimmerProcess", "NimmerSystem", "NimmerThalamus",
                "NimmerWave", log,
            ]),
        service(
            "thalamus",
            [
                "NimmerBusNATS", "NimmerProcess", "NimmerSystemFile", "NimmerThalamus", "NimmerThalamusProcess",
                "NimmerWave",
            ]),
        library(
            "NimmerBridge",
            [
                "NimmerBus", "NimmerCognition", "NimmerMemory", "NimmerPlatform", "NimmerProcess", "NimmerSystem",
                "NimmerWave", log,
            ],
            settings: strict + failPoints),
        service(
            "cognition-bridge",
            [
                "NimmerBridge", "NimmerBusNATS", "NimmerCognition", "NimmerCognitionHTTP", "NimmerProcess",
                "NimmerSystem", "NimmerSystemFile", "NimmerWave",
            ]),
        library(
            "NimmerHippocampus",
            [
                "NimmerBus", "NimmerIris", "NimmerMemory", "NimmerPlatform", "NimmerProcess", "NimmerSystem",
                "NimmerWave",
                metrics,
            ]),
        service(
            "hippocampus",
            [
                "NimmerBus", "NimmerBusNATS", "NimmerHippocampus", "NimmerIris", "NimmerMemory", "NimmerMemoryPostgres",
                "NimmerPlatform", "NimmerProcess", "NimmerSystem", "NimmerSystemFile", "NimmerWave", log,
            ]),
        library(
            "NimmerOrgan",
            [
                "NimmerBus", "NimmerCognition", "NimmerPlatform", "NimmerProcess", "NimmerServers", "NimmerSystem",
                "NimmerWave", log,
            ]),
        service(
            "organ",
            [
                "NimmerBusNATS", "NimmerCognition", "NimmerCognitionHTTP", "NimmerOrgan", "NimmerProcess",
                "NimmerSystemFile", "NimmerWave",
            ]),
        // What `nimmer` does, in rooms of one job each; the executable parses arguments, wires and prints.
        library(
            "NimmerOutput",
            ["NimmerMemory", "NimmerPlatform", "NimmerScope", "NimmerServers", "NimmerTerminal", "NimmerWave"]),
        library(
            "NimmerReplay",
            [
                "CollisionAvoidanceNerve", "DistanceCell", "HTTPCell", "MultivariateCell", "NimmerCell", "NimmerGate",
                "NimmerOutput", "NimmerPlatform", "NimmerProcess", "NimmerSensing", "NimmerSystem", "NimmerThalamus",
                "NimmerWave", "NimmerWeb", "SensorCell",
            ]),
        library(
            "NimmerBackup",
            [
                "CRename", "NimmerBus", "NimmerMemoryPostgres", "NimmerOutput", "NimmerPlatform", "NimmerServers",
                "NimmerWave",
            ]),
        library("NimmerDeploy", ["NimmerOutput", "NimmerPlatform", "NimmerServers", "NimmerSystem", "NimmerWave"]),
        library(
            "NimmerSupervisor",
            [
                "NimmerIdentity", "NimmerMemoryPostgres", "NimmerOutput", "NimmerPlatform", "NimmerProcess",
                "NimmerServers", "NimmerSystem", "NimmerWave",
            ]),
        library(
            "NimmerGarden",
            [
                "NimmerGate", "NimmerPlatform", "NimmerReplay", "NimmerSystem", "NimmerThalamus", "NimmerWave",
            ]),
        service(
            "garden",
            [
                "NimmerBus", "NimmerBusNATS", "NimmerGarden", "NimmerProcess", "NimmerSystem", "NimmerSystemFile",
                "NimmerWave", log,
            ]),
        library("NimmerInspection", ["NimmerBus", "NimmerOutput", "NimmerPlatform", "NimmerWave"]),
        library(
            "NimmerScopeSession",
            [
                "NimmerBus", "NimmerInspection", "NimmerOutput", "NimmerPlatform", "NimmerReplay", "NimmerScope",
                "NimmerTerminal", "NimmerWave",
            ]),
        // The view in a browser: what a page is made of, what it is sent, and who may see it; FlyingFox carries it.
        .target(name: "CAssets", exclude: ["assets"]),
        library(
            "NimmerPage",
            [
                "CAssets", "COpenSSL", "CZlib", "NimmerBus", "NimmerInspection", "NimmerMemory", "NimmerMemoryPostgres",
                "NimmerGate", "NimmerOutput", "NimmerPlatform", "NimmerReplay", "NimmerScope", "NimmerScopeSession",
                "NimmerWave",
            ]),
        service(
            "nimmer-web",
            [
                "COpenSSL", "NimmerBus", "NimmerBusNATS", "NimmerInspection", "NimmerMemoryPostgres", "NimmerOutput",
                "NimmerPage", "NimmerPlatform", "NimmerProcess", "NimmerScope", "NimmerScopeSession", "NimmerSystem",
                "NimmerSystemFile", "NimmerWave", log, unixSignals,
            ] + http),
        library(
            "NimmerSystemCheck",
            [
                "NimmerGate", "NimmerOutput", "NimmerPlatform", "NimmerProcess", "NimmerServers", "NimmerSystem",
                "NimmerWave",
            ]),
        service(
            "nimmer",
            [
                "NimmerBackup", "NimmerBus", "NimmerBusNATS", "NimmerCognition", "NimmerDeploy", "NimmerGarden",
                "NimmerGate",
                "NimmerIdentity",
                "NimmerInspection", "NimmerIris", "NimmerMemory", "NimmerMemoryPostgres", "NimmerOutput",
                "NimmerPlatform",
                "NimmerProcess", "NimmerReplay", "NimmerScope", "NimmerScopeSession", "NimmerSensing", "NimmerServers",
                "NimmerSupervisor", "NimmerSystem", "NimmerSystemCheck", "NimmerSystemFile", "NimmerTerminal",
                "NimmerWave", arguments, unixSignals,
            ]),
    ]
        + organism("cells/math/v1", library: "MathCell", logic: ["NimmerCell", "NimmerWave"], executable: "math-cell")
        + organism(
            "cells/sensor/v1", library: "SensorCell", logic: ["NimmerCell", "NimmerSensing"], executable: "sensor-cell")
        + organism(
            "cells/multivariate/v1", library: "MultivariateCell", logic: ["NimmerCell", "NimmerSensing"],
            executable: "multivariate-cell")
        + organism(
            "cells/vitals/v1", library: "VitalsCell", logic: ["NimmerCell", "NimmerSensing", "NimmerWave"],
            machine: "VitalsMachine",
            ["NimmerPlatform", "NimmerWave", "VitalsCell"], executable: "vitals-cell")
        + organism(
            "cells/battery/v1", library: "BatteryCell", logic: ["NimmerCell", "NimmerWave"], machine: "BatteryMachine",
            ["BatteryCell", "NimmerPlatform"], executable: "battery-cell")
        + organism(
            "cells/distance/v1", library: "DistanceCell", logic: ["NimmerCell", "NimmerSensing", "NimmerWave"],
            machine: "DistanceMachine",
            ["DistanceCell", "NimmerPlatform", "NimmerWave"], executable: "distance-cell")
        + organism(
            "cells/http/v1", library: "HTTPCell", logic: ["NimmerCell", "NimmerSensing", "NimmerWave", "NimmerWeb"],
            client: "NimmerHTTP", executable: "http-cell")
        + organism(
            "cells/webhook/v1", library: "WebhookCell", logic: ["NimmerCell", "NimmerWave", "NimmerWeb"],
            client: "NimmerHTTP", executable: "webhook-cell")
        + organism(
            "cells/motor/v1", library: "MotorCell", logic: ["NimmerCell", "NimmerWave"], machine: "MotorMachine",
            ["MotorCell", "NimmerPlatform", "NimmerWave"], executable: "motor-cell")
        + organism(
            "nerves/collision_avoidance/v1", library: "CollisionAvoidanceNerve",
            logic: ["NimmerCell", "NimmerWave"], executable: "collision-avoidance-nerve")
        + [
            // A cell for the tests of a hot swap: its version is a variable.
            .executableTarget(
                name: "swap-cell", dependencies: ["NimmerCell", "NimmerBusNATS", "NimmerProcess", "NimmerSystemFile"],
                path: "Tests/Fixtures/SwapCell",
                swiftSettings: strict),
            // A program at a terminal, for the tests of what a trap leaves of it.
            .executableTarget(
                name: "trap-screen", dependencies: ["NimmerTerminal"], path: "Tests/Fixtures/TrapScreen",
                swiftSettings: strict),
            // Connects and closes a bus many times, for the test that nothing is left behind.
            .executableTarget(
                name: "bus-rounds", dependencies: ["NimmerBus", "NimmerBusNATS", "NimmerWave"],
                path: "Tests/Fixtures/BusRounds", swiftSettings: strict),
            // Not shipped: a loopback port whose connections have a thread each.
            .target(
                name: "Loopback", dependencies: ["NimmerPlatform", "NimmerServers"], path: "Tests/Loopback",
                swiftSettings: strict),
            // Not shipped: random numbers that can be repeated.
            .target(name: "Seeds", path: "Tests/Seeds", swiftSettings: strict),
            // Not shipped: messages at the edges of what the wire allows.
            .target(
                name: "Extremes", dependencies: ["NimmerWave", "Seeds"], path: "Tests/Extremes", swiftSettings: strict),
            tests(
                "NimmerWaveTests", ["Extremes", "NimmerPlatform", "NimmerServers", "NimmerWave", "Seeds"],
                except: ["Golden", "validate.py"]),
            tests("NimmerGateTests", ["NimmerGate", "NimmerWave", "Seeds"]),
            tests(
                "NimmerBusTests",
                [
                    "Loopback", "NimmerBus", "NimmerBusNATS", "NimmerPlatform", "NimmerServers", "NimmerTesting",
                    "NimmerWave", "bus-rounds",
                ]),
            tests(
                "NimmerMemoryTests",
                [
                    "Extremes", "NimmerBus", "NimmerHippocampus", "NimmerIris", "NimmerMemory", "NimmerMemoryPostgres",
                    "NimmerPlatform", "NimmerProcess", "NimmerServers", "NimmerSystem", "NimmerTesting", "NimmerWave",
                ]),
            tests(
                "NimmerIrisTests", ["Extremes", "NimmerIris", "NimmerPlatform", "NimmerWave", "Seeds"],
                except: ["Golden"]),
            tests("NimmerPlatformTests", ["NimmerPlatform"]),
            tests("NimmerServersTests", ["NimmerPlatform", "NimmerServers"]),
            // Holds Package.swift, docs/architecture.md and every import together.
            tests("RoomsTests", ["NimmerPlatform", "NimmerWave"]),
            tests(
                "NimmerThalamusTests",
                [
                    "Extremes", "NimmerGate", "NimmerIris", "NimmerSystem", "NimmerSystemFile", "NimmerThalamus",
                    "NimmerWave", "Seeds",
                ]),
            tests(
                "NimmerCognitionTests",
                ["Extremes", "NimmerBus", "NimmerCognition", "NimmerSystem", "NimmerWave", "Seeds"]),
            // Not shipped: a server that answers wrongly in every way, and the real one with a small model.
            .target(
                name: "MindServers", dependencies: ["COpenSSL", "Loopback", "NimmerPlatform", "NimmerServers"],
                path: "Tests/MindServers",
                swiftSettings: strict),
            tests(
                "NimmerHTTPTests",
                [
                    "HTTPCell", "MindServers", "NimmerCell", "NimmerHTTP", "NimmerPlatform", "NimmerProcess",
                    "NimmerSensing", "NimmerTesting", "NimmerWave", "NimmerWeb", "WebhookCell",
                ]),
            tests(
                "NimmerCognitionHTTPTests",
                [
                    "MindServers", "NimmerCognition", "NimmerCognitionHTTP", "NimmerPlatform", "NimmerServers",
                    "NimmerSystem", "NimmerWave",
                ]),
            // Not shipped: a nats-server that asks every client for an identity.
            .target(
                name: "IdentifiedServers",
                dependencies: [
                    "NimmerBus", "NimmerIdentity", "NimmerPlatform", "NimmerServers", "NimmerSystem",
                    "NimmerSystemFile", "NimmerWave",
                ],
                path: "Tests/IdentifiedServers", swiftSettings: strict),
            // Not shipped: a service run within the tests' own process.
            .target(
                name: "ProcessBench", dependencies: ["NimmerBus", "NimmerProcess", "NimmerSystem", "NimmerWave", log],
                path: "Tests/ProcessBench", swiftSettings: strict),
            tests(
                "NimmerThalamusProcessTests",
                [
                    "NimmerBus", "NimmerIris", "NimmerPlatform", "NimmerProcess", "NimmerSystem", "NimmerSystemFile",
                    "NimmerThalamus", "NimmerThalamusProcess", "NimmerWave", "ProcessBench",
                ]),
            tests(
                "NimmerBridgeTests",
                [
                    "NimmerBridge", "NimmerBus", "NimmerCognition", "NimmerProcess", "NimmerSystem", "NimmerWave",
                    "ProcessBench",
                ]),
            tests(
                "NimmerOrganTests",
                [
                    "MindServers", "NimmerBus", "NimmerCognition", "NimmerCognitionHTTP", "NimmerIris", "NimmerOrgan",
                    "NimmerProcess",
                    "NimmerSystem", "NimmerWave", "ProcessBench",
                ]),
            tests(
                "OrganTests",
                [
                    "IdentifiedServers", "MindServers", "NimmerBus", "NimmerBusNATS", "NimmerIris", "NimmerPlatform",
                    "NimmerProcess", "NimmerServers", "NimmerWave", "organ",
                ]),
            tests(
                "BridgeTests",
                [
                    "IdentifiedServers", "MindServers", "NimmerBus", "NimmerBusNATS", "NimmerPlatform", "NimmerServers",
                    "NimmerWave", "cognition-bridge", "nimmer",
                ]),
            tests("NimmerSystemTests", ["NimmerGate", "NimmerSystem", "NimmerSystemFile", "NimmerWave"]),
            tests(
                "NimmerProcessTests",
                [
                    "NimmerBus", "NimmerPlatform", "NimmerProcess", "NimmerSystem", "NimmerSystemFile", "NimmerWave",
                    "Seeds", metrics, log,
                ]),
            tests("NimmerSensingTests", ["NimmerProcess", "NimmerSensing", "NimmerWave", "Seeds"]),
            tests(
                "NimmerCellTests",
                [
                    "NimmerBus", "NimmerCell", "NimmerGate", "NimmerPlatform", "NimmerProcess", "NimmerSystem",
                    "NimmerSystemFile", "NimmerTesting",
                    "NimmerWave", log,
                ]),
            // The cells of the guide, Sources/NimmerCell/NimmerCell.docc, and of docs/reference/swift-api.md.
            tests(
                "GuideTests",
                [
                    "NimmerBus", "NimmerCell", "NimmerGate", "NimmerSensing", "NimmerSystem", "NimmerSystemFile",
                    "NimmerTesting", "NimmerWave",
                ]),
            tests(
                "CellsTests",
                [
                    "BatteryCell", "BatteryMachine", "DistanceCell", "DistanceMachine", "MathCell", "MotorCell",
                    "MotorMachine", "MultivariateCell", "NimmerBus", "NimmerCell", "NimmerPlatform", "NimmerProcess",
                    "NimmerSensing", "NimmerSystem",
                    "NimmerSystemFile", "NimmerTesting", "NimmerWave", "SensorCell", "VitalsCell", "VitalsMachine",
                ]),
            tests(
                "NervesTests",
                [
                    "CollisionAvoidanceNerve", "DistanceCell", "Extremes", "NimmerCell", "NimmerGate",
                    "NimmerProcess", "NimmerSystem", "NimmerSystemFile", "NimmerTesting", "NimmerWave", "Seeds",
                ]),
            tests(
                "NimmerIdentityTests",
                [
                    "CNATS", "IdentifiedServers", "NimmerBus", "NimmerBusNATS", "NimmerIdentity", "NimmerPlatform",
                    "NimmerServers", "NimmerSystem", "NimmerSystemFile", "NimmerWave",
                ]),
            tests("NimmerTerminalTests", ["NimmerTerminal"]),
            .testTarget(
                name: "NimmerScopeTests",
                dependencies: [
                    "NimmerScope", "NimmerTerminal", "NimmerSystem", "NimmerThalamus", "NimmerGate", "NimmerWave",
                    "Extremes",
                ],
                exclude: ["Golden"], swiftSettings: strict),
            tests("NimmerOutputTests", ["NimmerOutput", "NimmerServers", "NimmerWave"]),
            tests(
                "NimmerReplayTests",
                [
                    "Extremes", "NimmerBus", "NimmerCell", "NimmerOutput", "NimmerProcess", "NimmerReplay",
                    "NimmerSensing",
                    "NimmerSystem", "NimmerSystemFile", "NimmerThalamus", "NimmerWave", "SensorCell",
                ]),
            tests(
                "NimmerBackupTests",
                [
                    "NimmerBackup", "NimmerBus", "NimmerBusNATS", "NimmerMemoryPostgres", "NimmerOutput",
                    "NimmerPlatform", "NimmerServers", "NimmerWave",
                ]),
            tests(
                "NimmerDeployTests",
                [
                    "NimmerDeploy", "NimmerOutput", "NimmerPlatform", "NimmerServers", "NimmerSystem",
                    "NimmerSystemFile", "NimmerWave",
                ]),
            tests(
                "NimmerSupervisorTests",
                [
                    "NimmerOutput", "NimmerPlatform", "NimmerServers", "NimmerSupervisor", "NimmerSystem",
                    "NimmerSystemFile", "NimmerWave",
                ]),
            tests(
                "NimmerGardenTests",
                [
                    "NimmerGarden", "NimmerGate", "NimmerOutput", "NimmerReplay", "NimmerSystem", "NimmerSystemFile",
                    "NimmerThalamus", "NimmerWave",
                ]),
            tests(
                "NimmerPageTests",
                [
                    "NimmerBus", "NimmerOutput", "NimmerPage", "NimmerPlatform", "NimmerReplay", "NimmerScope",
                    "NimmerScopeSession", "NimmerWave",
                ]),
            tests("NimmerInspectionTests", ["NimmerBus", "NimmerInspection", "NimmerOutput", "NimmerWave"]),
            tests(
                "NimmerScopeSessionTests",
                ["Extremes", "NimmerOutput", "NimmerReplay", "NimmerScope", "NimmerScopeSession", "NimmerWave"]),
            .testTarget(
                name: "NimmerToolTests",
                dependencies: [
                    "nimmer", "math-cell", "trap-screen", "NimmerGate", "NimmerInspection", "NimmerIris",
                    "NimmerOutput",
                    "NimmerReplay",
                    "NimmerScopeSession", "NimmerSupervisor", "NimmerSystemCheck", "NimmerPlatform", "NimmerServers",
                    "NimmerMemoryPostgres", "NimmerSystem", "NimmerSystemFile", "NimmerTesting",
                    "NimmerScope",
                    "NimmerTerminal",
                    "NimmerThalamus", "NimmerBus", "NimmerBusNATS", "NimmerWave", "Extremes", arguments,
                ],
                exclude: ["Golden"], swiftSettings: strict),
            .testTarget(
                name: "IntegrationTests",
                dependencies: [
                    "IdentifiedServers", "NimmerBus", "NimmerBusNATS", "NimmerIdentity", "NimmerMemory",
                    "NimmerMemoryPostgres", "NimmerPlatform", "NimmerServers", "NimmerSystem", "NimmerWave",
                    "MindServers",
                ],
                exclude: ["Fixtures"], swiftSettings: strict),
        ],
    swiftLanguageModes: [.v6]
)

if let wantedTests, wantedTests.isEmpty {
    package.targets.removeAll { $0.isTest || $0.path?.hasPrefix("Tests/") == true }
} else if let wantedTests {
    let byName = Dictionary(uniqueKeysWithValues: package.targets.map { ($0.name, $0) })
    var kept = Set<String>()
    var next = wantedTests
    while let name = next.popLast() {
        guard let target = byName[name], kept.insert(name).inserted else { continue }
        for dependency in target.dependencies {
            switch dependency {
            case .byNameItem(let name, _), .targetItem(let name, _): next.append(name)
            default: break
            }
        }
    }
    package.targets.removeAll { !kept.contains($0.name) }
    package.products.removeAll { ($0 as? Product.Library)?.targets.contains { !kept.contains($0) } ?? false }
}
