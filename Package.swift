// swift-tools-version: 6.3
//
// One package, four worlds, chosen by AKUMA_WORLD (see Documentation/building.md):
//
//   host     the `akuma` command and the unit tests, ordinary Swift on the developer's machine
//   proofs   the memory model against its reference, optimised, on the developer's machine
//   kernel   Embedded Swift for EL1, general registers only
//   user     Embedded Swift for EL0, NEON allowed
//
// Each world has a toolset file in Toolsets/ and a scratch path of its own: the standard library's functions are
// emitted weak into every object, so worlds must never share object files.

import Foundation
import PackageDescription

enum World: String { case host, proofs, kernel, user }

let worldName = Context.environment["AKUMA_WORLD"] ?? "host"
guard let world = World(rawValue: worldName) else {
    fatalError("AKUMA_WORLD is '\(worldName)'; it must be host, proofs, kernel or user")
}

/// Every module is built with strict memory safety and with warnings as errors: a warning never lands.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableExperimentalFeature("Lifetimes"),
    // Lets a method read an inline array in place; without it a borrowing method copies all of it to the stack first.
    .enableExperimentalFeature("AddressableParameters"),
    .enableExperimentalFeature("Extern"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let embedded: [SwiftSetting] = strict + [
    .enableExperimentalFeature("Embedded"),
    .unsafeFlags(["-wmo"]),
]

/// The kernel has no heap at all: an implicit allocation is a compile error, or at the latest a link error.
let heapless: [SwiftSetting] = embedded + [.unsafeFlags(["-no-allocations"])]

/// A program has one thread, so its top-level variables are nobody else's: Swift 6's check for that has no say there.
let program: [SwiftSetting] = embedded + [.swiftLanguageMode(.v5)]

let pureModules: [String: [Target.Dependency]] = [
    "LinuxABI": [],
    "Formats": [],
    "MemoryModel": ["LinuxABI"],
]

func pureTargets(_ settings: [SwiftSetting]) -> [Target] {
    pureModules.sorted { $0.key < $1.key }.map { .target(name: $0.key, dependencies: $0.value, swiftSettings: settings) }
}

/// Every folder below Programs/ is a program of that name: nothing to register.
func programNames() -> [String] {
    let folder = URL(fileURLWithPath: Context.packageDirectory).appendingPathComponent("Programs")
    let entries = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return entries.filter { $0.hasDirectoryPath }.map(\.lastPathComponent).sorted()
}

let package: Package
switch world {
case .kernel:
    package = Package(
        name: "Akuma",
        targets: pureTargets(heapless) + [
            .target(name: "MachineAssembly"),
            .target(
                name: "Machine", dependencies: ["MachineAssembly"], swiftSettings: heapless),
            .executableTarget(
                name: "Kernel", dependencies: ["Formats", "LinuxABI", "Machine", "MemoryModel"],
                exclude: ["kernel.ld"], swiftSettings: heapless),
        ])
case .user:
    package = Package(
        name: "Akuma",
        targets: [
            .target(name: "LinuxABI", swiftSettings: embedded),
            .target(name: "ProgramAssembly"),
            .target(
                name: "libakuma", dependencies: ["LinuxABI", "ProgramAssembly"], swiftSettings: embedded),
            .target(name: "ProgramTestingAssembly"),
            .target(
                name: "ProgramTesting", dependencies: ["libakuma", "ProgramTestingAssembly"],
                swiftSettings: embedded),
        ]
            + programNames().map {
                .executableTarget(
                    name: $0, dependencies: $0.hasPrefix("test-") ? ["libakuma", "ProgramTesting"] : ["libakuma"],
                    path: "Programs/\($0)", swiftSettings: program)
            })
case .proofs:
    // Millions of operations: everything is optimised, generics specialised across modules.
    let fast = strict + [
        .unsafeFlags(["-O", "-wmo", "-cross-module-optimization", "-enforce-exclusivity=unchecked"])
    ]
    package = Package(
        name: "Akuma",
        platforms: [.macOS(.v15)],
        targets: pureTargets(fast) + [
            .target(
                name: "FakeMachine", dependencies: ["MemoryModel"], path: "Tests/FakeMachine", swiftSettings: fast),
            .executableTarget(
                name: "proofs", dependencies: ["FakeMachine", "MemoryModel"], path: "Tests/Proofs", swiftSettings: fast),
        ])
case .host:
    package = Package(
        name: "Akuma",
        platforms: [.macOS(.v15)],
        dependencies: [
            .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
            .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
            .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
        ],
        targets: pureTargets(strict) + [
            .target(
                name: "AkumaCommand",
                dependencies: [
                    "Formats", "LinuxABI", "MemoryModel",
                    .product(name: "ArgumentParser", package: "swift-argument-parser"),
                    .product(name: "Subprocess", package: "swift-subprocess"),
                    .product(name: "SystemPackage", package: "swift-system"),
                ],
                swiftSettings: strict),
            .executableTarget(name: "akuma", dependencies: ["AkumaCommand"], swiftSettings: strict),
            .target(
                name: "FakeMachine", dependencies: ["MemoryModel"], path: "Tests/FakeMachine",
                // Tests walk millions of fake descriptors: optimised in debug builds too.
                swiftSettings: strict + [.unsafeFlags(["-O"])]),
            .testTarget(
                name: "MemoryModelTests", dependencies: ["FakeMachine", "LinuxABI", "MemoryModel"], swiftSettings: strict),
            .testTarget(name: "LinuxABITests", dependencies: ["LinuxABI"], swiftSettings: strict),
            .testTarget(name: "FormatsTests", dependencies: ["Formats"], swiftSettings: strict),
            .testTarget(
                name: "AkumaCommandTests",
                dependencies: [
                    "AkumaCommand", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                    .product(name: "Subprocess", package: "swift-subprocess"),
                    .product(name: "SystemPackage", package: "swift-system"),
                ],
                swiftSettings: strict),
            .testTarget(
                name: "SystemTests",
                dependencies: [
                    "AkumaCommand", "LinuxABI", .product(name: "Subprocess", package: "swift-subprocess"),
                    .product(name: "SystemPackage", package: "swift-system"),
                ],
                exclude: ["CPrograms"], swiftSettings: strict),
        ])
}
