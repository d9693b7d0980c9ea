import Foundation
import MemoryModel
import SystemPackage

/// A program that was named on the command line: its ELF, and what it is called in the guest.
public struct ProgramFile: Sendable {
    /// Its content.
    public let contents: [UInt8]
    /// Its absolute path in the guest.
    public let guestPath: String

    /// Finds the program that `name` means: a path of the host if there is a `/` in it, else one of ours, else
    /// Debian's busybox, else a file in the current folder; and checks that it can run.
    public static func named(_ name: String, in project: Project, progress: Reporter) async throws -> ProgramFile {
        let file = try await locate(name, in: project, progress: progress)
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: file.resolvingLinks.string) else {
            let ours = project.programNames().filter { !$0.hasPrefix("test-") }
            throw Failure(
                "\(name): no such file, and none of our programs: busybox \(ours.joined(separator: " "))", status: .notFound)
        }
        guard attributes[.type] as? FileAttributeType == .typeRegular else {
            throw Failure("\(name): not a regular file", status: .notRunnable)
        }
        guard let contents = try? file.contents() else {
            throw Failure("\(name): cannot be read", status: .notRunnable)
        }
        if let reason = reasonNotToRun(contents) { throw Failure("\(name) \(reason)", status: .notRunnable) }
        return ProgramFile(contents: contents, guestPath: "/bin/" + (file.lastComponent?.string ?? "program"))
    }

    /// Why the kernel would not run an ELF, by the kernel's own judgement: a predicate for the file's name; or nil.
    static func reasonNotToRun(_ bytes: [UInt8]) -> String? {
        do throws(ProgramError) {
            _ = try LoadPlan(bytes.span)
            return nil
        } catch {
            return error.description(for: bytes.span)
        }
    }

    private static func locate(_ name: String, in project: Project, progress: Reporter) async throws -> FilePath {
        if name.contains("/") { return FilePath(name) }
        if project.isProgram(name) { return project.program(named: name) }
        if name == "busybox" { return try await DebianPackage.busybox.file("bin/busybox", in: project, progress) }
        return FilePath(name)
    }
}
