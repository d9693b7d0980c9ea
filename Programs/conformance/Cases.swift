import libakuma

/// One question to the kernel: what the body observes becomes one line of output, the same in every run.
///
/// Each case runs in a child of its own, so that none sees what another left behind.
struct Case {
    /// The area, a slash, and what is asked.
    let name: String
    let body: () -> Void

    init(_ name: String, _ body: @escaping () -> Void) {
        self.name = name
        self.body = body
    }

    /// Runs the case and prints its line.
    func run() {
        do throws(Errno) {
            guard let child = try fork() else {
                body()
                print(name + ":" + observed)
                exit(0)
            }
            let status = try wait(for: child)
            if let signal = status.signal {
                print("\(name): ended by \(signal.description)")
            } else if status.exitStatus != 0 {
                print("\(name): ended with \(status.exitStatus ?? 0)")
            }
        } catch {
            print("\(name): no child: \(error.name.description)")
        }
    }
}

/// What the running case has seen so far.
nonisolated(unsafe) private(set) var observed = ""

/// Notes something under a label.
func see(_ label: String, _ text: String) { observed += " \(label)=\(text)" }

/// Notes what a call returned: the error's name, or the number.
func see(_ label: String, _ result: Int) { see(label, described(result)) }

/// Notes what a call returned that gives an address: where that is.
func seePlace(_ label: String, _ result: Int) { see(label, place(result)) }

/// An error's name, or the number.
func described(_ result: Int) -> String {
    guard let error = Errno(result: result) else { return result.description }
    return error.name.description
}

/// An address relative to where cases work, so that it is the same on both kernels; an error's name.
func place(_ result: Int) -> String {
    if let error = Errno(result: result) { return error.name.description }
    let address = UInt(bitPattern: result)
    guard address >= arena, address < arena + 0x0800_0000 else { return "elsewhere" }
    let (count, rest) = (address - arena).quotientAndRemainder(dividingBy: page)
    return "A+\(count)" + (rest == 0 ? "" : "+\(rest)")
}
