/// The number of a system call, as a program passes it in `x8`.
///
/// Names are Linux's, in Swift's capitalisation. Source: Linux `include/uapi/asm-generic/unistd.h`. The last four are
/// Akuma's own debugging interface, see `AkumaDebug.swift`; Linux answers `ENOSYS` to them.
public enum SystemCallNumber: UInt64, Sendable {
    case getcwd = 17
    case dup = 23
    case dup3 = 24
    case fcntl = 25
    case ioctl = 29
    case faccessat = 48
    case chdir = 49
    case openat = 56
    case close = 57
    case pipe2 = 59
    case getdents64 = 61
    case lseek = 62
    case read = 63
    case write = 64
    case readv = 65
    case writev = 66
    case pread64 = 67
    case pwrite64 = 68
    case preadv = 69
    case pwritev = 70
    case sendfile = 71
    case ppoll = 73
    case readlinkat = 78
    case newfstatat = 79
    case fstat = 80
    case exit = 93
    case exitGroup = 94
    case setTidAddress = 96
    case futex = 98
    case setRobustList = 99
    case nanosleep = 101
    case clockGettime = 113
    case clockGetres = 114
    case clockNanosleep = 115
    case schedGetaffinity = 123
    case schedYield = 124
    case kill = 129
    case tkill = 130
    case tgkill = 131
    case sigaltstack = 132
    case rtSigaction = 134
    case rtSigprocmask = 135
    case rtSigreturn = 139
    case getpriority = 141
    case setpgid = 154
    case getpgid = 155
    case getsid = 156
    case setsid = 157
    case uname = 160
    case getrlimit = 163
    case getrusage = 165
    case umask = 166
    case prctl = 167
    case gettimeofday = 169
    case getpid = 172
    case getppid = 173
    case getuid = 174
    case geteuid = 175
    case getgid = 176
    case getegid = 177
    case gettid = 178
    case sysinfo = 179
    case brk = 214
    case munmap = 215
    case mremap = 216
    case clone = 220
    case execve = 221
    case mmap = 222
    case mprotect = 226
    case msync = 227
    case mlock = 228
    case munlock = 229
    case mincore = 232
    case madvise = 233
    case wait4 = 260
    case prlimit64 = 261
    case getrandom = 278
    case membarrier = 283
    case statx = 291
    case rseq = 293
    case clone3 = 435
    case faccessat2 = 439

    case akumaTranslate = 0x414B_0001
    case akumaLayout = 0x414B_0002
    case akumaCheck = 0x414B_0003
    case akumaFrames = 0x414B_0004
}

extension SystemCallNumber {
    /// The call's name as Linux's manual writes it, for logs.
    public var name: StaticString {
        switch self {
        case .getcwd: "getcwd"
        case .dup: "dup"
        case .dup3: "dup3"
        case .fcntl: "fcntl"
        case .ioctl: "ioctl"
        case .faccessat: "faccessat"
        case .chdir: "chdir"
        case .openat: "openat"
        case .close: "close"
        case .pipe2: "pipe2"
        case .getdents64: "getdents64"
        case .lseek: "lseek"
        case .read: "read"
        case .write: "write"
        case .readv: "readv"
        case .writev: "writev"
        case .pread64: "pread64"
        case .pwrite64: "pwrite64"
        case .preadv: "preadv"
        case .pwritev: "pwritev"
        case .sendfile: "sendfile"
        case .ppoll: "ppoll"
        case .readlinkat: "readlinkat"
        case .newfstatat: "newfstatat"
        case .fstat: "fstat"
        case .exit: "exit"
        case .exitGroup: "exit_group"
        case .setTidAddress: "set_tid_address"
        case .futex: "futex"
        case .setRobustList: "set_robust_list"
        case .nanosleep: "nanosleep"
        case .clockGettime: "clock_gettime"
        case .clockGetres: "clock_getres"
        case .clockNanosleep: "clock_nanosleep"
        case .schedGetaffinity: "sched_getaffinity"
        case .schedYield: "sched_yield"
        case .kill: "kill"
        case .tkill: "tkill"
        case .tgkill: "tgkill"
        case .sigaltstack: "sigaltstack"
        case .rtSigaction: "rt_sigaction"
        case .rtSigprocmask: "rt_sigprocmask"
        case .rtSigreturn: "rt_sigreturn"
        case .getpriority: "getpriority"
        case .setpgid: "setpgid"
        case .getpgid: "getpgid"
        case .getsid: "getsid"
        case .setsid: "setsid"
        case .uname: "uname"
        case .getrlimit: "getrlimit"
        case .getrusage: "getrusage"
        case .umask: "umask"
        case .prctl: "prctl"
        case .gettimeofday: "gettimeofday"
        case .getpid: "getpid"
        case .getppid: "getppid"
        case .getuid: "getuid"
        case .geteuid: "geteuid"
        case .getgid: "getgid"
        case .getegid: "getegid"
        case .gettid: "gettid"
        case .sysinfo: "sysinfo"
        case .brk: "brk"
        case .munmap: "munmap"
        case .mremap: "mremap"
        case .clone: "clone"
        case .execve: "execve"
        case .mmap: "mmap"
        case .mprotect: "mprotect"
        case .msync: "msync"
        case .mlock: "mlock"
        case .munlock: "munlock"
        case .mincore: "mincore"
        case .madvise: "madvise"
        case .wait4: "wait4"
        case .prlimit64: "prlimit64"
        case .getrandom: "getrandom"
        case .membarrier: "membarrier"
        case .statx: "statx"
        case .rseq: "rseq"
        case .clone3: "clone3"
        case .faccessat2: "faccessat2"
        case .akumaTranslate: "akuma_translate"
        case .akumaLayout: "akuma_layout"
        case .akumaCheck: "akuma_check"
        case .akumaFrames: "akuma_frames"
        }
    }
}
