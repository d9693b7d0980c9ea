// Akuma's shell: runs a program by its name, waits for it, and says how it ended.

import libakuma

let prompt = "akuma> "
var lastStatus: UInt8 = 0

/// Carries out a line that has at least one word.
func run(_ words: [String]) {
    let arguments = Array(words.dropFirst())
    switch words[0] {
    case "help": help()
    case "ls": list(arguments.first ?? "/")
    case "exit": leave(arguments.first)
    default: runProgram(words[0], arguments)
    }
}

func help() {
    print("help            this text")
    print("ls [FOLDER]     what is in a folder")
    print("exit [STATUS]   ends the shell, and with it the machine")
    print("NAME [WORD…]    runs the program NAME of /bin; '…' and \"…\" hold spaces")
    print("Programs:", programs().joined(separator: " "))
}

func programs() -> [String] {
    let entries = try? directoryEntries(at: "/bin")
    return entries?.map { $0.name } ?? []
}

func list(_ path: String) {
    do throws(Errno) {
        for entry in try directoryEntries(at: path) {
            print(entry.type == .directory ? entry.name + "/" : entry.name)
        }
        lastStatus = 0
    } catch {
        report("\(path): \(error.message)")
    }
}

func leave(_ status: String?) {
    if let number = status.map({ UInt8($0) }) ?? lastStatus { exit(Int32(number)) }
    report("exit: a status is a number, 0 to 255")
}

func runProgram(_ name: String, _ arguments: [String]) {
    let path = name.contains("/") ? name : "/bin/" + name
    do throws(Errno) {
        _ = try fileStatus(at: path)
        let process = try spawn(path, arguments, as: name)
        let status = try wait(for: process)
        lastStatus = status.shellStatus
        if let signal = status.signal {
            print("\(name): ended by \(signal)")
        } else if lastStatus != 0 {
            print("\(name): status \(lastStatus)")
        }
    } catch {
        lastStatus = error == .noSuchFileOrDirectory ? 127 : 126
        print(error == .noSuchFileOrDirectory ? "\(name): no such program; try help" : "\(name): \(error.message)")
    }
}

func report(_ message: String) {
    lastStatus = 1
    print(message)
}

/// Splits a line at spaces, except within '…' and "…"; nil if a quote is not closed.
func words(of line: String) -> [String]? {
    var words: [String] = []
    var word = ""
    var isWord = false
    var quote: Character?
    for character in line {
        if character == quote {
            quote = nil
        } else if quote != nil {
            word.append(character)
        } else if character == "'" || character == "\"" {
            quote = character
            isWord = true
        } else if character == " " || character == "\t" {
            if isWord { words.append(word) }
            word = ""
            isWord = false
        } else {
            word.append(character)
            isWord = true
        }
    }
    if quote != nil { return nil }
    return isWord ? words + [word] : words
}

print("Akuma. Type help for what there is.")
while true {
    print(prompt, terminator: "")
    guard let line = readLine() else { break }
    switch words(of: line) {
    case nil: report("a quote is not closed")
    case .some(let words) where !words.isEmpty: run(words)
    default: break
    }
}
print()
exit(Int32(lastStatus))
