import LinuxABI
import Machine

/// Ends the machine with the first program's status, as shells count: its own, or 128 + the signal that ended it.
/// Everything that was written to the host has left by then: a write returns when its bytes have.
func endMachine(_ status: WaitStatus) -> Never {
    Power.end(status: status.shellStatus)
}
