/// Why a system call failed: Linux's error numbers, in the Swift names of swift-system's `Errno`.
///
/// The kernel returns `-rawValue` in `x0`. Source: Linux `include/uapi/asm-generic/errno-base.h` and `errno.h`.
@frozen public struct Errno: Error, RawRepresentable, Equatable, Hashable, Sendable {
    /// The positive error number, 1 … 4095.
    public let rawValue: Int32

    /// The error of a number, known or not.
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The error that a system call's result stands for; nil for a result that is not one of the 4095 error values.
    public init?(result: Int) {
        guard result < 0, result >= -4095 else { return nil }
        rawValue = Int32(truncatingIfNeeded: -result)
    }
}

extension Errno {
    /// EPERM: Operation not permitted.
    public static var notPermitted: Errno { Errno(rawValue: 1) }
    /// ENOENT: No such file or directory.
    public static var noSuchFileOrDirectory: Errno { Errno(rawValue: 2) }
    /// ESRCH: No such process.
    public static var noSuchProcess: Errno { Errno(rawValue: 3) }
    /// EINTR: Interrupted system call.
    public static var interrupted: Errno { Errno(rawValue: 4) }
    /// EIO: Input/output error.
    public static var ioError: Errno { Errno(rawValue: 5) }
    /// ENXIO: No such device or address.
    public static var noSuchAddressOrDevice: Errno { Errno(rawValue: 6) }
    /// E2BIG: Argument list too long.
    public static var argListTooLong: Errno { Errno(rawValue: 7) }
    /// ENOEXEC: Exec format error.
    public static var execFormatError: Errno { Errno(rawValue: 8) }
    /// EBADF: Bad file descriptor.
    public static var badFileDescriptor: Errno { Errno(rawValue: 9) }
    /// ECHILD: No child processes.
    public static var noChildProcess: Errno { Errno(rawValue: 10) }
    /// EAGAIN: Resource temporarily unavailable.
    public static var resourceTemporarilyUnavailable: Errno { Errno(rawValue: 11) }
    /// ENOMEM: Cannot allocate memory.
    public static var noMemory: Errno { Errno(rawValue: 12) }
    /// EACCES: Permission denied.
    public static var permissionDenied: Errno { Errno(rawValue: 13) }
    /// EFAULT: Bad address.
    public static var badAddress: Errno { Errno(rawValue: 14) }
    /// EBUSY: Device or resource busy.
    public static var resourceBusy: Errno { Errno(rawValue: 16) }
    /// EEXIST: File exists.
    public static var fileExists: Errno { Errno(rawValue: 17) }
    /// EXDEV: Invalid cross-device link.
    public static var improperLink: Errno { Errno(rawValue: 18) }
    /// ENODEV: No such device.
    public static var operationNotSupportedByDevice: Errno { Errno(rawValue: 19) }
    /// ENOTDIR: Not a directory.
    public static var notDirectory: Errno { Errno(rawValue: 20) }
    /// EISDIR: Is a directory.
    public static var isDirectory: Errno { Errno(rawValue: 21) }
    /// EINVAL: Invalid argument.
    public static var invalidArgument: Errno { Errno(rawValue: 22) }
    /// ENFILE: Too many open files in system.
    public static var tooManyOpenFilesInSystem: Errno { Errno(rawValue: 23) }
    /// EMFILE: Too many open files.
    public static var tooManyOpenFiles: Errno { Errno(rawValue: 24) }
    /// ENOTTY: Inappropriate ioctl for device.
    public static var inappropriateIOCTLForDevice: Errno { Errno(rawValue: 25) }
    /// ETXTBSY: Text file busy.
    public static var textFileBusy: Errno { Errno(rawValue: 26) }
    /// EFBIG: File too large.
    public static var fileTooLarge: Errno { Errno(rawValue: 27) }
    /// ENOSPC: No space left on device.
    public static var noSpace: Errno { Errno(rawValue: 28) }
    /// ESPIPE: Illegal seek.
    public static var illegalSeek: Errno { Errno(rawValue: 29) }
    /// EROFS: Read-only file system.
    public static var readOnlyFileSystem: Errno { Errno(rawValue: 30) }
    /// EMLINK: Too many links.
    public static var tooManyLinks: Errno { Errno(rawValue: 31) }
    /// EPIPE: Broken pipe.
    public static var brokenPipe: Errno { Errno(rawValue: 32) }
    /// EDOM: Numerical argument out of domain.
    public static var outOfDomain: Errno { Errno(rawValue: 33) }
    /// ERANGE: Numerical result out of range.
    public static var outOfRange: Errno { Errno(rawValue: 34) }
    /// EDEADLK: Resource deadlock avoided.
    public static var deadlock: Errno { Errno(rawValue: 35) }
    /// ENAMETOOLONG: File name too long.
    public static var fileNameTooLong: Errno { Errno(rawValue: 36) }
    /// ENOSYS: Function not implemented.
    public static var noFunction: Errno { Errno(rawValue: 38) }
    /// ENOTEMPTY: Directory not empty.
    public static var directoryNotEmpty: Errno { Errno(rawValue: 39) }
    /// ELOOP: Too many levels of symbolic links.
    public static var tooManySymbolicLinkLevels: Errno { Errno(rawValue: 40) }
    /// EOVERFLOW: Value too large for defined data type.
    public static var overflow: Errno { Errno(rawValue: 75) }
    /// EPROTONOSUPPORT: Protocol not supported.
    public static var protocolNotSupported: Errno { Errno(rawValue: 93) }
    /// EOPNOTSUPP: Operation not supported.
    public static var notSupported: Errno { Errno(rawValue: 95) }
    /// EAFNOSUPPORT: Address family not supported by protocol.
    public static var addressFamilyNotSupported: Errno { Errno(rawValue: 97) }
    /// ETIMEDOUT: Connection timed out.
    public static var timedOut: Errno { Errno(rawValue: 110) }
    /// ECANCELED: Operation canceled.
    public static var canceled: Errno { Errno(rawValue: 125) }
}

extension Errno {
    /// The C name, as in `EINVAL`; `E?` for a number that is not described here.
    public var name: StaticString {
        switch rawValue {
        case 1: "EPERM"
        case 2: "ENOENT"
        case 3: "ESRCH"
        case 4: "EINTR"
        case 5: "EIO"
        case 6: "ENXIO"
        case 7: "E2BIG"
        case 8: "ENOEXEC"
        case 9: "EBADF"
        case 10: "ECHILD"
        case 11: "EAGAIN"
        case 12: "ENOMEM"
        case 13: "EACCES"
        case 14: "EFAULT"
        case 16: "EBUSY"
        case 17: "EEXIST"
        case 18: "EXDEV"
        case 19: "ENODEV"
        case 20: "ENOTDIR"
        case 21: "EISDIR"
        case 22: "EINVAL"
        case 23: "ENFILE"
        case 24: "EMFILE"
        case 25: "ENOTTY"
        case 26: "ETXTBSY"
        case 27: "EFBIG"
        case 28: "ENOSPC"
        case 29: "ESPIPE"
        case 30: "EROFS"
        case 31: "EMLINK"
        case 32: "EPIPE"
        case 33: "EDOM"
        case 34: "ERANGE"
        case 35: "EDEADLK"
        case 36: "ENAMETOOLONG"
        case 38: "ENOSYS"
        case 39: "ENOTEMPTY"
        case 40: "ELOOP"
        case 75: "EOVERFLOW"
        case 93: "EPROTONOSUPPORT"
        case 95: "EOPNOTSUPP"
        case 97: "EAFNOSUPPORT"
        case 110: "ETIMEDOUT"
        case 125: "ECANCELED"
        default: "E?"
        }
    }

    /// What went wrong, in Linux's words.
    public var message: StaticString {
        switch rawValue {
        case 1: "Operation not permitted"
        case 2: "No such file or directory"
        case 3: "No such process"
        case 4: "Interrupted system call"
        case 5: "Input/output error"
        case 6: "No such device or address"
        case 7: "Argument list too long"
        case 8: "Exec format error"
        case 9: "Bad file descriptor"
        case 10: "No child processes"
        case 11: "Resource temporarily unavailable"
        case 12: "Cannot allocate memory"
        case 13: "Permission denied"
        case 14: "Bad address"
        case 16: "Device or resource busy"
        case 17: "File exists"
        case 18: "Invalid cross-device link"
        case 19: "No such device"
        case 20: "Not a directory"
        case 21: "Is a directory"
        case 22: "Invalid argument"
        case 23: "Too many open files in system"
        case 24: "Too many open files"
        case 25: "Inappropriate ioctl for device"
        case 26: "Text file busy"
        case 27: "File too large"
        case 28: "No space left on device"
        case 29: "Illegal seek"
        case 30: "Read-only file system"
        case 31: "Too many links"
        case 32: "Broken pipe"
        case 33: "Numerical argument out of domain"
        case 34: "Numerical result out of range"
        case 35: "Resource deadlock avoided"
        case 36: "File name too long"
        case 38: "Function not implemented"
        case 39: "Directory not empty"
        case 40: "Too many levels of symbolic links"
        case 75: "Value too large for defined data type"
        case 93: "Protocol not supported"
        case 95: "Operation not supported"
        case 97: "Address family not supported by protocol"
        case 110: "Connection timed out"
        case 125: "Operation canceled"
        default: "Unknown error"
        }
    }
}
