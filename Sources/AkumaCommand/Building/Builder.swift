import Foundation
import SystemPackage

/// Builds the kernel and the programs, and only what changed.
public struct Builder: Sendable {
    private let project: Project
    private let progress: Reporter

    /// A builder of `project` that reports to `progress`.
    public init(project: Project, progress: Reporter = Reporter()) {
        self.project = project
        self.progress = progress
    }

    /// Builds both worlds and the kernel's image. Silent when nothing changed.
    public func build() async throws {
        // Most often there is nothing to do, and then nobody waits for anybody.
        if try World.allCases.allSatisfy({ try isFresh($0) }) { return }
        try await Lock.hold(project.cache.appending("build.lock")) {
            progress.step("waiting for another build to end")
        } body: {
            for world in World.allCases { try await build(world) }
        }
    }

    private func build(_ world: World) async throws {
        if try isFresh(world) { return }
        let inputs = try manifest(of: world)
        try removeStaleScratch(of: world)
        progress.step("building \(world.title)")
        try await Tool.toolchain("swift").check(
            [
                "build", "--triple", "aarch64-none-none-elf", "-c", "release", "--toolset", world.toolset.string,
                "--scratch-path", world.scratch(in: project).string,
                // The list of programs is made by looking at a folder, which neither cache knows.
                "--manifest-cache", "none", "--disable-build-manifest-caching",
            ],
            in: project.root, environment: ["AKUMA_WORLD": world.rawValue], saying: "building \(world.title)")
        if world == .kernel { try await makeImage() }
        try stamp(of: world).replaceContents(with: inputs.text.utf8)
    }

    /// What the last build of `world` that succeeded was made of.
    private func stamp(of world: World) -> FilePath { project.output.appending("\(world.rawValue).stamp") }

    private func isFresh(_ world: World) throws -> Bool { try manifest(of: world).matches(stamp(of: world)) }

    /// Everything that decides what the build of `world` gives.
    private func manifest(of world: World) throws -> Manifest {
        var manifest = Manifest()
        manifest.add("root", project.root.string)
        manifest.add("toolchain", Builder.toolchain)
        try manifest.addStamps(of: ["Package.swift", world.toolset] + world.sourceFolders, in: project.root)
        return manifest
    }

    /// Removes the scratch path when something changed that SwiftPM does not look at: a C header, a module map, the
    /// linker script, the toolset, the toolchain, or the folder's own place.
    private func removeStaleScratch(of world: World) throws {
        var unseen = Manifest()
        unseen.add("root", project.root.string)
        unseen.add("toolchain", Builder.toolchain)
        try unseen.addContents(of: [world.toolset] + world.sourceFolders, in: project.root) {
            ["h", "modulemap", "ld", "json"].contains($0.extension)
        }
        let scratch = world.scratch(in: project)
        let stamp = scratch.appending("akuma.unseen")
        if unseen.matches(stamp) { return }
        if scratch.exists { try FileManager.default.removeItem(atPath: scratch.string) }
        try stamp.replaceContents(with: unseen.text.utf8)
    }

    /// Makes the raw image that QEMU loads as it would load Linux, and checks its size.
    private func makeImage() async throws {
        let fresh = project.output.appending("Image.new")
        try FileManager.default.createDirectory(atPath: project.output.string, withIntermediateDirectories: true)
        try await Tool.toolchain("llvm-objcopy").check(
            ["-O", "binary", project.kernelSymbols.string, fresh.string], saying: "making the kernel's image")
        let size = try fresh.contents().count
        if let limit = try Budgets(of: project).limits[Budgets.imageBytes], size > limit {
            throw Failure("the kernel's image has \(size) bytes; its budget is \(limit)")
        }
        try await checkStacks(of: fresh)
        try fresh.replace(project.kernelImage)
    }

    /// Fails where a function, or a path of calls, could take more of a kernel stack than it may.
    private func checkStacks(of image: FilePath) async throws {
        let symbols = try await Tool.toolchain("llvm-nm").check(
            ["--defined-only", "--numeric-sort", project.kernelSymbols.string], saying: "reading the kernel's symbols")
        let frames = StackFrames(image: try image.contents(), symbols: symbols)
        if let complaint = frames.complaint() { throw Failure(complaint) }
        progress.step(
            "the deepest path of calls takes \(frames.deepestPath().bytes) of a kernel stack's \(StackFrames.stack) bytes")
    }

    /// Which toolchain builds: where `swift` really is, and since when.
    private static let toolchain: String = {
        guard let swift = Tool.path(of: "swift") else { return "none" }
        let real = URL(fileURLWithPath: swift.string).resolvingSymlinksInPath().path
        let changed = (try? FileManager.default.attributesOfItem(atPath: real))?[.modificationDate] as? Date
        return "\(real) \(changed?.timeIntervalSinceReferenceDate ?? 0)"
    }()
}

extension FilePath {
    /// Puts this file in the place of `other` in one step (rename(2)).
    func replace(_ other: FilePath) throws {
        guard unsafe rename(string, other.string) == 0 else {
            throw Failure("cannot rename \(self) to \(other): \(Errno(rawValue: errno))")
        }
    }
}
