import Foundation

/// Every two small operations on two CPUs, in every order of their steps.
enum Interleavings {
    /// Executions of one scenario, at most: none of those that are there comes near.
    static let limit = 20_000

    /// - Parameters:
    ///   - part: of so many parts, each with every so-manieth scenario.
    static func run(part: Int, of parts: Int) throws {
        var (explored, pruned, steps, unfinished) = (0, 0, 0, 0)
        let scenarios = Scenario.all.enumerated().filter { $0.offset % parts == part }.map(\.element)
        var most = 0
        for scenario in scenarios {
            var explorer = Explorer(limit: limit)
            do {
                try explorer.explore { scheduler in try execute(scenario, scheduler) }
            } catch {
                complainAndExit(Complaint("\(scenario.description): \(error)"))
            }
            explored += explorer.explored
            pruned += explorer.pruned
            steps += explorer.steps
            unfinished += explorer.isExhausted ? 0 : 1
            most = max(most, explorer.explored)
        }
        say("part \(scenarios.count) \(explored) \(pruned) \(steps) \(unfinished) \(most)")
    }

    private static func execute(_ scenario: Scenario, _ scheduler: Scheduler) throws {
        let forks = scenario.actions.joined().count { if case .fork = $0 { true } else { false } }
        // Four for pages, one for a table that is unshared, and what each fork needs.
        let stage = try Stage(scenario, free: 5 + UInt64(forks) * 6)
        stage.watch.scheduler = scheduler
        scheduler.run(
            [0, 1].map { cpu in
                { @Sendable in
                    for (index, action) in scenario.actions[cpu].enumerated() {
                        stage.perform(action, on: cpu, value: UInt64(100 * (cpu + 1) + index))
                    }
                }
            })
        do {
            try stage.finish()
        } catch {
            let order = scheduler.trace.map { "\($0.thread)" }.joined()
            complainAndExit(Complaint("\(scenario.description): \(error)\nin the order \(order)"))
        }
    }
}
