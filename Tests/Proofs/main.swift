// proofs: shows that the memory model does what it should, in ways that need millions of tries.
//
// For:      `./akuma test`, and whoever changes the memory model.
// Touches:  nothing but its own fake machines, and files that it is told to write.
// Never:    a rule taken from the memory model's code: what is right is said here a second time.

import Foundation

do {
    try Command(CommandLine.arguments).run()
} catch {
    complainAndExit(error)
}
