import Foundation
import SystemPackage

/// What the kernel may cost, from `Benchmarks/budgets.json`: changed on purpose, never by a run.
struct Budgets: Decodable {
    /// The size of the kernel's image, in bytes.
    static let imageBytes = "kernel_image_bytes"

    /// The most that each measurement may be, by its name.
    let limits: [String: Int]

    /// The project's budgets.
    init(of project: Project) throws {
        let file = project.root.appending("Benchmarks/budgets.json")
        self = try JSONDecoder().decode(Budgets.self, from: Data(try file.contents()))
    }
}

/// What Linux costs at the same work on the same emulator, from `Benchmarks/linux.json`.
struct LinuxCosts: Decodable {
    /// Instructions of one operation, as Debian's kernel was configured.
    struct Cost: Decodable {
        /// With everything off that could be held against it.
        let tuned: Int
    }

    let operations: [String: Cost]

    /// The project's figures.
    init(of project: Project) throws {
        let file = project.root.appending("Benchmarks/linux.json")
        self = try JSONDecoder().decode(LinuxCosts.self, from: Data(try file.contents()))
    }
}
