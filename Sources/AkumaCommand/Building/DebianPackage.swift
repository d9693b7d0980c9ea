import Foundation
import SystemPackage

/// A package of Debian for arm64, fetched with an apt configuration of its own: the host's packages stay as they are.
public struct DebianPackage: Sendable {
    /// Its name in Debian.
    public let name: String

    /// The release that it comes from, where it must be one; else that of the host.
    private let suite: String?
    /// Whether not the package itself is fetched but what it depends on first: it only names the newest version.
    private let isName: Bool
    /// How the names of files begin that are kept, where not all are.
    private let keptFiles: [String]?

    /// A package by name.
    public init(_ name: String) { self.init(name, suite: nil, isName: false, keptFiles: nil) }

    private init(_ name: String, suite: String?, isName: Bool, keptFiles: [String]?) {
        self.name = name
        self.suite = suite
        self.isName = isName
        self.keptFiles = keptFiles
    }

    /// The static busybox.
    public static let busybox = DebianPackage("busybox-static")

    /// Linux 6.1: the newest of Debian 12, without the modules that a machine of ours has no use for.
    static let linux = DebianPackage(
        "linux-image-arm64", suite: "bookworm", isName: true,
        keptFiles: ["vmlinuz-", "config-", "copyright"] + LinuxKernel.moduleNames)

    /// The path on the host of a file of the package, fetched and unpacked when it is not there yet.
    public func file(_ path: String, in project: Project, _ progress: Reporter) async throws -> FilePath {
        let folder = project.cache.appending("debian").appending(name)
        if folder.exists { return folder.appending(path) }
        try await Lock.hold(project.cache.appending("debian.lock")) {
            progress.step("waiting for another download to end")
        } body: {
            if !folder.exists { try await fetch(into: folder, of: project, progress) }
        }
        return folder.appending(path)
    }

    private func fetch(into folder: FilePath, of project: Project, _ progress: Reporter) async throws {
        guard Tool.path(of: "apt-get") != nil else {
            throw Failure("\(name) comes from Debian, and apt-get is missing")
        }
        progress.step("fetching \(name) for arm64 from Debian")
        let apt = project.cache.appending("apt")
        let environment = ["APT_CONFIG": try await AptConfiguration(folder: apt, suite: suite).write().string]
        let downloads = apt.appending("downloads-\(getpid())")
        try FileManager.default.createDirectory(atPath: downloads.string, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: downloads.string) }
        try await Tool("apt-get").check(
            ["update", "-q"], in: downloads, environment: environment, saying: "reading Debian's list of packages")
        try await Tool("apt-get").check(
            ["download", "-q", try await archiveName(environment)], in: downloads, environment: environment, saying: "fetching \(name)")
        guard let archive = try FileManager.default.contentsOfDirectory(atPath: downloads.string).first else {
            throw Failure("apt-get fetched nothing for \(name)")
        }
        let unpacked = downloads.appending("unpacked")
        try await Tool("dpkg-deb").check(
            ["-x", downloads.appending(archive).string, unpacked.string], saying: "unpacking \(name)")
        if let keptFiles {
            for path in try FileManager.default.subpathsOfDirectory(atPath: unpacked.string) {
                let file = unpacked.appending(path)
                let name = file.lastComponent?.string ?? ""
                if !file.isFolder, !keptFiles.contains(where: name.hasPrefix) {
                    try FileManager.default.removeItem(atPath: file.string)
                }
            }
        }
        try FileManager.default.createDirectory(
            atPath: folder.removingLastComponent().string, withIntermediateDirectories: true)
        try unpacked.replace(folder)
    }

    /// The package to fetch: itself, or what it depends on first.
    private func archiveName(_ environment: [String: String]) async throws -> String {
        guard isName else { return name }
        let text = try await Tool("apt-cache").check(
            ["show", "--no-all-versions", name], environment: environment, saying: "looking up \(name)")
        for line in text.split(separator: "\n") where line.hasPrefix("Depends: ") {
            if let first = line.dropFirst("Depends: ".count).split(whereSeparator: { $0 == " " || $0 == "," }).first {
                return String(first)
            }
        }
        throw Failure("Debian's \(name) depends on nothing, and so names no version")
    }
}

/// An apt configuration that knows nothing of the host's packages and only of arm64.
private struct AptConfiguration {
    let folder: FilePath
    /// The release, where it is not the host's.
    let suite: String?

    /// Writes the configuration with what it refers to, and gives its path.
    func write() async throws -> FilePath {
        for part in ["lists/partial", "cache/archives/partial"] {
            try FileManager.default.createDirectory(
                atPath: folder.appending(part).string, withIntermediateDirectories: true)
        }
        let keys = "/usr/share/keyrings/debian-archive-keyring.gpg"
        let source = "deb [signed-by=\(keys)] \(try await Self.mirror()) \(suite ?? Self.hostSuite) main\n"
        try folder.appending("sources.list").replaceContents(with: source.utf8)
        try folder.appending("status").replaceContents(with: [])
        let text = """
            APT::Architecture "arm64";
            APT::Architectures { "arm64"; };
            APT::Sandbox::User "";
            Acquire::Languages "none";
            Dir::State "\(folder)";
            Dir::State::lists "\(folder)/lists";
            Dir::State::status "\(folder)/status";
            Dir::Cache "\(folder)/cache";
            Dir::Etc::sourcelist "\(folder)/sources.list";
            Dir::Etc::sourceparts "-";

            """
        let path = folder.appending("apt.conf")
        try path.replaceContents(with: text.utf8)
        return path
    }

    /// Where this host's own apt finds Debian: the address of its first repository that is not one of fixes only.
    private static func mirror() async throws -> String {
        let text = try await Tool("apt-get").check(
            ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], saying: "asking apt for its mirror")
        let addresses = text.split(separator: "\n").map(String.init)
        guard let address = addresses.first(where: { !$0.contains("security") }) else {
            throw Failure("apt knows no Debian repository; run apt-get update, or add one to /etc/apt/sources.list")
        }
        return address
    }

    /// The release of Debian that this host runs, else the one that the tests were written on.
    private static var hostSuite: String {
        let lines = (try? String(contentsOfFile: "/etc/os-release", encoding: .utf8))?.split(separator: "\n") ?? []
        let isDebian = lines.contains("ID=debian")
        let codename = lines.first { $0.hasPrefix("VERSION_CODENAME=") }?.dropFirst("VERSION_CODENAME=".count)
        return isDebian ? codename.map(String.init) ?? "bookworm" : "bookworm"
    }
}
