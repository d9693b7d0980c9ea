import Foundation
import Testing

/// The kernel has no heap. `-no-allocations` sees only specialised code, hence `Instantiations.swift`; these tests plant
/// an allocation in a generic and see the compiler refuse it.
@Suite("The memory model compiles without a heap")
struct HeaplessTests {
    /// Compiles a changed copy of the module as the kernel's world does.
    /// - Returns: the compiler's messages, empty where it succeeds.
    private func compile(changing change: (inout String, String) -> Void) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let sources = root.appending(path: "Sources/MemoryModel")
        let scratch = FileManager.default.temporaryDirectory.appending(path: "akuma-heapless-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        var copies: [String] = []
        let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            var text = try String(contentsOf: file, encoding: .utf8)
            change(&text, file.lastPathComponent)
            let copy = scratch.appending(path: file.lastPathComponent)
            try text.write(to: copy, atomically: true, encoding: .utf8)
            copies.append(copy.path)
        }
        #expect(!copies.isEmpty)
        let imported = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "Sources/LinuxABI"), includingPropertiesForKeys: nil)
        let options = try Self.options(root)
        let module = try run(
            options + ["-module-name", "LinuxABI", "-emit-module", "-emit-module-path"]
                + [scratch.appending(path: "LinuxABI.swiftmodule").path] + imported.map(\.path))
        #expect(module == "")
        return try run(
            options + ["-module-name", "MemoryModel", "-I", scratch.path, "-emit-sil", "-o", "/dev/null"] + copies)
    }

    /// The kernel's world's settings; its experimental features as the package names them.
    private static func options(_ root: URL) throws -> [String] {
        let package = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
        let features = package.matches(of: /enableExperimentalFeature\("(\w+)"\)/).map { String($0.1) }
        return ["-target", "aarch64-none-none-elf", "-parse-as-library", "-wmo", "-no-allocations"]
            + ["-swift-version", "6"] + features.flatMap { ["-enable-experimental-feature", $0] }
    }

    /// Runs the compiler.
    /// - Returns: its messages, empty where it succeeds.
    private func run(_ arguments: [String]) throws -> String {
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["swiftc"] + arguments
        let messages = Pipe()
        compiler.standardError = messages
        compiler.standardOutput = FileHandle.nullDevice
        try compiler.run()
        let text = String(decoding: messages.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        compiler.waitUntilExit()
        return compiler.terminationStatus == 0 ? "" : text
    }

    private static let victim = "public mutating func mergeFreeFrames() { drain(keeping: 0) }"
    private static let planted = """
        public mutating func mergeFreeFrames() { hoarded = [hotCount]; drain(keeping: hoarded[0] - hotCount) }
        private var hoarded: [UInt64] = []
        """

    @Test("the module as it is compiles under -no-allocations")
    func clean() throws {
        #expect(try compile { _, _ in } == "")
    }

    @Test("an allocation planted in a generic is refused")
    func planted() throws {
        var plants = 0
        let messages = try compile { text, _ in
            guard text.contains(Self.victim) else { return }
            text = text.replacing(Self.victim, with: Self.planted)
            plants += 1
        }
        #expect(plants == 1)
        #expect(messages.contains("-no-allocations"))
    }
}
