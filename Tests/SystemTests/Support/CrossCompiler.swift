import SystemPackage

@testable import AkumaCommand

/// Debian's cross compiler with one of two C libraries.
enum CLibrary: String, CaseIterable, Sendable {
    case glibc
    case musl

    /// Compiles `source` to a static executable at `program`.
    func compile(_ source: String, to program: FilePath, isPositionIndependent: Bool = false) async throws {
        let file = program.string + ".c"
        try FilePath(file).replaceContents(with: source.utf8)
        var arguments = ["-O2", "-Wall", "-Werror", isPositionIndependent ? "-static-pie" : "-static"]
        arguments += isPositionIndependent ? ["-fPIE"] : ["-no-pie", "-fno-pie"]
        switch self {
        case .glibc:
            arguments += [file, "-o", program.string]
        case .musl:
            let folder = try await DebianPackage("musl-dev").file("usr", in: Guest.project, Reporter())
            let libraries = folder.appending("lib/aarch64-linux-musl")
            let start = libraries.appending(isPositionIndependent ? "rcrt1.o" : "crt1.o")
            arguments += [
                "-nostdinc", "-isystem", folder.appending("include/aarch64-linux-musl").string,
                "-nostdlib", "-nostartfiles", start.string, libraries.appending("crti.o").string, file,
                libraries.appending("libc.a").string, "-lgcc", libraries.appending("crtn.o").string,
                "-o", program.string,
            ]
        }
        let result = try await Command.run("aarch64-linux-gnu-gcc", arguments)
        guard result.status == 0 else { throw Failure("the cross compiler failed: \(result.errorText)") }
    }
}

/// Runs `body` with a program of `CPrograms/`, compiled; it is gone when the body ends.
func withCProgram<Result>(
    _ name: String, _ library: CLibrary = .musl, isPositionIndependent: Bool = false,
    _ body: (_ executable: FilePath) async throws -> Result
) async throws -> Result {
    let source = Guest.project.root.appending("Tests/SystemTests/CPrograms").appending(name + ".c")
    return try await withTemporaryFolder { folder in
        let executable = folder.appending(name)
        try await library.compile(
            String(decoding: try source.contents(), as: UTF8.self), to: executable,
            isPositionIndependent: isPositionIndependent)
        return try await body(executable)
    }
}
