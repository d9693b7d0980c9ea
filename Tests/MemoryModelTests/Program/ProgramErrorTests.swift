import MemoryModel
import Testing

@Suite("The reason why a file can't be run")
struct ProgramErrorTests {
    @Test(
        "says in words what is wrong, with the numbers",
        arguments: [
            (ProgramError.notELF, "is not an ELF file"),
            (.wrongMachine(62), "is for x86-64, Akuma runs AArch64"),
            (.wrongMachine(999), "is for machine 999, Akuma runs AArch64"),
            (.not64Bit, "is 32-bit code, Akuma runs 64-bit AArch64"),
            (.notExecutable(type: 1), "is an object file that is not linked, not an executable"),
            (
                .truncated(segment: 2, end: 0x5000, fileSize: 0x4321),
                "is truncated: segment 2 ends at 0x5000, beyond the file's end 0x4321"
            ),
            (
                .forbiddenAddress(segment: 0, start: 0x4000_0000, end: 0x4000_1000),
                "has a segment 0 at 0x40000000 to 0x40001000, where programs have no memory"
            ),
        ])
    func texts(error: ProgramError, text: String) {
        #expect("\(error)" == text)
        #expect(error.reason.utf8CodeUnitCount > 0)
    }

    @Test("names the dynamic loader that a program wants, where that is safe to print")
    func dynamicLoader() {
        func text(_ path: String) -> String {
            var builder = ELFBuilder.typical
            builder.contents = [(0x3000, Array(path.utf8) + [0])]
            let size = UInt64(path.utf8.count + 1)
            let file = builder.adding(
                .init(type: 3, flags: 4, offset: 0x3000, address: 0, fileSize: size, memorySize: size)
            )
            .bytes
            do throws(ProgramError) {
                _ = try LoadPlan(file.span)
                return "accepted"
            } catch { return error.description(for: file.span) }
        }
        #expect(
            text("/lib/ld-linux-aarch64.so.1")
                == "needs a dynamic loader (PT_INTERP /lib/ld-linux-aarch64.so.1), Akuma runs static programs")
        #expect(text("\u{1b}[2J") == "needs a dynamic loader (PT_INTERP), Akuma runs static programs")
        #expect(text("") == "needs a dynamic loader (PT_INTERP), Akuma runs static programs")
        #expect(
            ProgramError.needsDynamicLoader(path: FileRange(offset: .max, size: ByteCount(9))).description(
                for: [1].span)
                == "needs a dynamic loader (PT_INTERP), Akuma runs static programs")
    }

    @Test("is given for each of the errors there are")
    func all() {
        let errors: [ProgramError] = [
            .truncatedHeader(size: 1), .notLittleEndian, .unknownVersion(2), .notExecutable(type: 4),
            .notExecutable(type: 9), .wrongProgramHeaderSize(1), .tooManyProgramHeaders(0xffff),
            .tooManyProgramHeaders(2000), .truncatedProgramHeaders(end: 2, fileSize: 1), .noSegments,
            .tooManySegments(maximum: 32), .truncated(segment: 1, end: .max, fileSize: 3),
            .fileLargerThanMemory(segment: 1, fileSize: 2, memorySize: 1),
            .misaligned(segment: 1, address: 2, offset: 3),
            .addressOverflow(segment: 1), .segmentsOutOfOrder(segment: 1), .segmentsOverlap(segment: 1, address: 2),
            .entryNotExecutable(1), .writableAndExecutable(segment: 1), .executableStack, .malformedNote(size: 3),
            .malformedProperties, .unreadableProperties,
            .needsDynamicLoader(path: FileRange(offset: 1, size: ByteCount(1))), .wrongMachine(3),
            .forbiddenAddress(segment: 1, start: 2, end: 3), .wrongMachine(2), .wrongMachine(8), .wrongMachine(20),
            .wrongMachine(22), .wrongMachine(40), .wrongMachine(50), .wrongMachine(243), .wrongMachine(258),
        ]
        for error in errors {
            #expect(!error.description.isEmpty && !error.reason.description.isEmpty)
            #expect(!error.description.hasSuffix("."))
        }
    }
}
