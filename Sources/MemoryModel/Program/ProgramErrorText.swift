#if !hasFeature(Embedded)
    /// The whole story in words, for the host's command. A sentence's predicate: the file's name comes before it.
    extension ProgramError: CustomStringConvertible {
        public var description: String {
            switch self {
            case .truncatedHeader(let size): "is truncated within its ELF header: it has \(size) bytes"
            case .wrongMachine(let machine): "is for \(Self.name(ofMachine: machine)), Akuma runs AArch64"
            case .unknownVersion(let version): "has the unknown ELF version \(version)"
            case .notExecutable(let type): "is \(Self.name(ofType: type)), not an executable"
            case .wrongProgramHeaderSize(let size): "has program headers of \(size) bytes instead of 56"
            case .tooManyProgramHeaders(0xFFFF): "has more program headers than its ELF header can count"
            case .tooManyProgramHeaders(let count): "has \(count) program headers, more than the 1170 allowed"
            case .truncatedProgramHeaders(let end, let size):
                "is truncated: its program headers end at \(hex(end)), beyond the file's end \(hex(size))"
            case .tooManySegments(let maximum): "has more than \(maximum) segments to load"
            case .needsDynamicLoader: "needs a dynamic loader (PT_INTERP), Akuma runs static programs"
            case .truncated(let segment, .max, let size):
                "is truncated: segment \(segment) ends beyond 64 bits, the file at \(hex(size))"
            case .truncated(let segment, let end, let size):
                "is truncated: segment \(segment) ends at \(hex(end)), beyond the file's end \(hex(size))"
            case .fileLargerThanMemory(let segment, let fileSize, let memorySize):
                "has a segment \(segment) with \(hex(fileSize)) bytes in the file but \(hex(memorySize)) in memory"
            case .misaligned(let segment, let address, let offset):
                "has a segment \(segment) whose address \(hex(address)) and offset \(hex(offset)) differ within a page"
            case .zeroesNotWritable(let segment):
                "has a segment \(segment) that ends in zeroes within a page and may not be written"
            case .addressOverflow(let segment): "has a segment \(segment) that goes beyond 64 bits"
            case .segmentsOutOfOrder(let segment): "has a segment \(segment) that begins below the one before it"
            case .segmentsOverlap(let segment, let address):
                "has a segment \(segment) that begins at \(hex(address)), within the one before it"
            case .forbiddenAddress(let segment, let start, let end):
                "has a segment \(segment) at \(hex(start)) to \(hex(end)), where programs have no memory"
            case .entryNotExecutable(let entry): "begins at \(hex(entry)), outside of its executable segments"
            case .writableAndExecutable(let segment):
                "asks for writable and executable memory (segment \(segment)), which its own note forbids"
            case .malformedNote(let size): "has an Akuma note of \(size) bytes instead of 4"
            case .notELF, .not64Bit, .notLittleEndian, .noSegments, .executableStack,
                .malformedProperties, .unreadableProperties: reason.description
            }
        }

        /// As ``description``, with what only the file can tell: the path of the dynamic loader.
        public func description(for file: Span<UInt8>) -> String {
            guard case .needsDynamicLoader(let path) = self, path.size.rawValue <= 4096,
                file.contains(path.offset, size: path.size.rawValue)
            else { return description }
            var bytes = (0..<Int(path.size.rawValue)).map { file[Int(path.offset) + $0] }
            while bytes.last == 0 { bytes.removeLast() }
            // A hostile path must not drive the reader's terminal.
            guard !bytes.isEmpty, bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else { return description }
            let name = String(decoding: bytes, as: UTF8.self)
            return "needs a dynamic loader (PT_INTERP \(name)), Akuma runs static programs"
        }

        /// Source: System V ABI, registered machines.
        private static func name(ofMachine machine: UInt16) -> String {
            switch machine {
            case 2, 18, 43: "SPARC"
            case 3: "32-bit x86"
            case 8: "MIPS"
            case 20, 21: "PowerPC"
            case 22: "S/390"
            case 40: "32-bit Arm"
            case 50: "Itanium"
            case 62: "x86-64"
            case 243: "RISC-V"
            case 258: "LoongArch"
            default: "machine \(machine)"
            }
        }

        private static func name(ofType type: UInt16) -> String {
            switch type {
            case 1: "an object file that is not linked"
            case 4: "a core dump"
            default: "an ELF file of type \(type)"
            }
        }
    }

    private func hex(_ number: UInt64) -> String { "0x" + String(number, radix: 16) }
#endif
