import ProgramTesting
import libakuma

private let here = UInt(bitPattern: -100)

/// `/tmp/N` for a number, in the page of arguments.
private func path(_ number: UInt, at place: UInt = 64) -> UInt {
    let start = wordsAddress + place * 8
    for (offset, byte) in [47, 116, 109, 112, 47, 65 + UInt8(number / 26), 65 + UInt8(number % 26), 0].enumerated() {
        unsafe RawAccess.store(start + UInt(offset), byte)
    }
    return start
}

/// A text of so many bytes, in the page of arguments.
private func text(_ length: UInt) -> UInt {
    let start = wordsAddress + 1024
    for offset in 0..<length { unsafe RawAccess.store(start + offset, 120) }
    unsafe RawAccess.store(start + length, 0)
    return start
}

private func makeFile(at path: UInt) {
    unsafe systemCall(.close, UInt(bitPattern: unsafe systemCall(.openat, here, path, 0x42, 0o600)))
}

/// Where the status of a file is written to.
private let status = wordsAddress + 2048

private func exists(_ path: UInt) -> Bool { unsafe systemCall(.newfstatat, here, path, status, 0x100) == 0 }

private func linkCount(of path: UInt) -> UInt {
    unsafe systemCall(.newfstatat, here, path, status, 0x100)
    return unsafe words[256 + 2] >> 32
}

private func size(of path: UInt, is size: UInt) -> Bool {
    unsafe systemCall(.newfstatat, here, path, status, 0x100)
    return unsafe words[256 + 6] == size
}

/// Makes files until what the kernel keeps of them needs another frame.
private func makeMany(_ count: UInt, _ trial: Trial, _ make: (UInt) -> Int) -> Outcome {
    for number in 0..<count {
        let result = make(path(number))
        if Errno(result: result) != nil {
            trial.verify(!exists(path(number)), "makes no name")
            return .failed
        }
    }
    return .done
}

private func removeMany(_ count: UInt, _ flags: UInt = 0) {
    for number in 0..<count { unsafe systemCall(.unlinkat, here, path(number), flags) }
}

private func memoryFile() -> UInt {
    UInt(bitPattern: unsafe systemCall(.memfdCreate, UInt(bitPattern: emptyName.utf8Start), 0))
}

private func size(of file: UInt) -> Int { unsafe systemCall(.lseek, file, 0, 2) }

let files: [Operation] = [
    Operation(name: "memfd_create", errors: [.tooManyOpenFilesInSystem]) {
        for _ in 0..<48 {
            let result = $0.call(.memfdCreate, unsafe UInt(bitPattern: emptyName.utf8Start), 0)
            if Errno(result: result) != nil { return .failed }
        }
        return .done
    },
    // A size alone takes no room.
    Operation(name: "ftruncate", needsFrames: false) {
        let file = memoryFile()
        let result = $0.call(.ftruncate, file, 1 << 30)
        $0.verify(size(of: file) == (Errno(result: result) == nil ? 1 << 30 : 0), "has the right size")
        return Outcome(result)
    },
    Operation(name: "write to a file", errors: [.noSpace]) {
        let file = memoryFile()
        let result = $0.call(.write, file, buffer, bufferSize)
        $0.verify(size(of: file) == max(result, 0), "writes what it says")
        return Outcome(result, of: bufferSize)
    },
    Operation(name: "write to a file far out", errors: [.noSpace]) {
        let file = memoryFile()
        let result = $0.call(.pwrite64, file, buffer, 2 * page, 1 << 35)
        $0.verify(size(of: file) == (result > 0 ? 1 << 35 + result : 0), "writes what it says")
        return Outcome(result, of: 2 * page)
    },
    Operation(name: "fallocate", errors: [.noSpace]) {
        let file = memoryFile()
        let result = $0.call(.fallocate, file, 0, 0, 12 * page)
        $0.verify(size(of: file) == (Errno(result: result) == nil ? Int(12 * page) : 0), "has the right size")
        return Outcome(result)
    },
    Operation(name: "pipe2", errors: [.tooManyOpenFilesInSystem]) {
        for _ in 0..<24 {
            let result = $0.call(.pipe2, wordsAddress, 0)
            if Errno(result: result) != nil { return .failed }
        }
        return .done
    },
    Operation(name: "write to a pipe") {
        unsafe systemCall(.pipe2, wordsAddress, 0x800)
        let end = unsafe words[0] >> 32
        return Outcome($0.call(.write, end, buffer, 12 * page), of: 12 * page)
    },
    Operation(
        name: "openat with O_CREAT and O_EXCL", errors: [.noSpace],
        perform: { trial in
            makeMany(48, trial) { trial.call(.openat, here, $0, 0xC2, 0o600) }
        }, undo: { removeMany(48) }),
    Operation(
        name: "openat with O_TRUNC", prepare: { makeFile(at: path(0)) },
        perform: { trial in
            for _ in 0..<48 {
                unsafe systemCall(.truncate, path(0), 1)
                let result = trial.call(.openat, here, path(0), 0x202, 0)
                let isFailure = Errno(result: result) != nil
                trial.verify(size(of: path(0), is: isFailure ? 1 : 0), "changes the file or says no")
                if isFailure { return .failed }
            }
            return .done
        }, undo: { removeMany(1) }),
    Operation(
        name: "mkdirat", errors: [.noSpace],
        perform: { trial in makeMany(48, trial) { trial.call(.mkdirat, here, $0, 0o700) } },
        undo: { removeMany(48, 0x200) }),
    Operation(
        name: "symlinkat", errors: [.noSpace],
        perform: { trial in makeMany(48, trial) { trial.call(.symlinkat, text(900), here, $0) } },
        undo: { removeMany(48) }),
    Operation(
        name: "linkat", errors: [.noSpace], prepare: { makeFile(at: path(0)) },
        perform: { trial in
            for number: UInt in 1..<48 {
                let result = trial.call(.linkat, here, path(0), here, path(number, at: 80), 0)
                if Errno(result: result) != nil {
                    trial.verify(!exists(path(number)) && linkCount(of: path(0)) == number, "makes no name")
                    return .failed
                }
            }
            return .done
        }, undo: { removeMany(48) }),
    Operation(
        name: "renameat2", errors: [.noSpace], prepare: { makeFile(at: path(0)) },
        perform: {
            let result = $0.call(.renameat2, here, path(0), here, path(1, at: 80), 0)
            $0.verify(exists(path(0)) != exists(path(1)), "keeps one name")
            return Outcome(result)
        }, undo: { removeMany(2) }),
    Operation(
        name: "unlinkat", prepare: { makeFile(at: path(0)) },
        perform: {
            let result = $0.call(.unlinkat, here, path(0), 0)
            $0.verify(exists(path(0)) == (result != 0), "removes the name or keeps it")
            return Outcome(result)
        }, undo: { removeMany(1) }),
    // Descriptors need no room but the table's, which is there from the start.
    Operation(name: "dup", needsFrames: false) {
        for _ in 0..<48 {
            let result = $0.call(.dup, 1)
            if Errno(result: result) != nil { return .failed }
        }
        return .done
    },
    Operation(name: "read of /proc/self/smaps") {
        let path: StaticString = "/proc/self/smaps\0"
        let file = UInt(bitPattern: unsafe systemCall(.openat, here, UInt(bitPattern: path.utf8Start), 0, 0))
        return Outcome($0.call(.read, file, buffer, bufferSize))
    },
]
