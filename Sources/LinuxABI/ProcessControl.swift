/// `option` of `prctl`. Source: Linux `include/uapi/linux/prctl.h`.
///
/// A processor feature that Akuma does not announce is treated as on a CPU that lacks it.
public enum ProcessControl: UInt32, DescribedValue {
    case setPdeathsig = 1
    case getPdeathsig = 2
    case getDumpable = 3
    case setDumpable = 4
    case getUnalign = 5
    case setUnalign = 6
    case getKeepcaps = 7
    case setKeepcaps = 8
    case getFpemu = 9
    case setFpemu = 10
    case getFpexc = 11
    case setFpexc = 12
    case getTiming = 13
    case setTiming = 14
    case setName = 15
    case getName = 16
    case getEndian = 19
    case setEndian = 20
    case getSeccomp = 21
    case setSeccomp = 22
    case capbsetRead = 23
    case capbsetDrop = 24
    case getTsc = 25
    case setTsc = 26
    case getSecurebits = 27
    case setSecurebits = 28
    case setTimerslack = 29
    case getTimerslack = 30
    case taskPerfEventsDisable = 31
    case taskPerfEventsEnable = 32
    case mceKill = 33
    case mceKillGet = 34
    case setMm = 35
    case setChildSubreaper = 36
    case getChildSubreaper = 37
    case setNoNewPrivs = 38
    case getNoNewPrivs = 39
    case getTidAddress = 40
    case setThpDisable = 41
    case getThpDisable = 42
    case mpxEnableManagement = 43
    case mpxDisableManagement = 44
    case setFpMode = 45
    case getFpMode = 46
    case capAmbient = 47
    case sveSetVl = 50
    case sveGetVl = 51
    case getSpeculationCtrl = 52
    case setSpeculationCtrl = 53
    case pacResetKeys = 54
    case setTaggedAddrCtrl = 55
    case getTaggedAddrCtrl = 56
    case setIoFlusher = 57
    case getIoFlusher = 58
    case setSyscallUserDispatch = 59
    case pacSetEnabledKeys = 60
    case pacGetEnabledKeys = 61
    case schedCore = 62
    case smeSetVl = 63
    case smeGetVl = 64
    case setMdwe = 65
    case getMdwe = 66
    case setVma = 0x5356_4D41
    case setPtracer = 0x5961_6D61

    public static var unknownValue: Treatment { .refused(.invalidArgument, "kernel/sys.c, prctl") }

    @usableFromInline static var notOnARM: Treatment {
        .refused(.invalidArgument, "kernel/sys.c: arm64 defines nothing for it")
    }

    @inlinable
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .setPdeathsig: ("PR_SET_PDEATHSIG", .notBuilt(.invalidArgument))
        case .getPdeathsig: ("PR_GET_PDEATHSIG", .notBuilt(.invalidArgument))
        case .getDumpable: ("PR_GET_DUMPABLE", .notBuilt(.invalidArgument))
        case .setDumpable: ("PR_SET_DUMPABLE", .notBuilt(.invalidArgument))
        case .getUnalign: ("PR_GET_UNALIGN", Self.notOnARM)
        case .setUnalign: ("PR_SET_UNALIGN", Self.notOnARM)
        case .getKeepcaps: ("PR_GET_KEEPCAPS", .notBuilt(.invalidArgument))
        case .setKeepcaps: ("PR_SET_KEEPCAPS", .notBuilt(.invalidArgument))
        case .getFpemu: ("PR_GET_FPEMU", Self.notOnARM)
        case .setFpemu: ("PR_SET_FPEMU", Self.notOnARM)
        case .getFpexc: ("PR_GET_FPEXC", Self.notOnARM)
        case .setFpexc: ("PR_SET_FPEXC", Self.notOnARM)
        case .getTiming: ("PR_GET_TIMING", .notBuilt(.invalidArgument))
        case .setTiming: ("PR_SET_TIMING", .notBuilt(.invalidArgument))
        case .setName: ("PR_SET_NAME", .honoured)
        case .getName: ("PR_GET_NAME", .honoured)
        case .getEndian: ("PR_GET_ENDIAN", Self.notOnARM)
        case .setEndian: ("PR_SET_ENDIAN", Self.notOnARM)
        case .getSeccomp: ("PR_GET_SECCOMP", .notBuilt(.invalidArgument))
        case .setSeccomp: ("PR_SET_SECCOMP", .notBuilt(.invalidArgument))
        case .capbsetRead: ("PR_CAPBSET_READ", .notBuilt(.invalidArgument))
        case .capbsetDrop: ("PR_CAPBSET_DROP", .notBuilt(.invalidArgument))
        case .getTsc: ("PR_GET_TSC", Self.notOnARM)
        case .setTsc: ("PR_SET_TSC", Self.notOnARM)
        case .getSecurebits: ("PR_GET_SECUREBITS", .notBuilt(.invalidArgument))
        case .setSecurebits: ("PR_SET_SECUREBITS", .notBuilt(.invalidArgument))
        case .setTimerslack: ("PR_SET_TIMERSLACK", .notBuilt(.invalidArgument))
        case .getTimerslack: ("PR_GET_TIMERSLACK", .notBuilt(.invalidArgument))
        case .taskPerfEventsDisable: ("PR_TASK_PERF_EVENTS_DISABLE", .notBuilt(.invalidArgument))
        case .taskPerfEventsEnable: ("PR_TASK_PERF_EVENTS_ENABLE", .notBuilt(.invalidArgument))
        case .mceKill: ("PR_MCE_KILL", .notBuilt(.invalidArgument))
        case .mceKillGet: ("PR_MCE_KILL_GET", .notBuilt(.invalidArgument))
        case .setMm: ("PR_SET_MM", .notBuilt(.invalidArgument))
        case .setChildSubreaper: ("PR_SET_CHILD_SUBREAPER", .notBuilt(.invalidArgument))
        case .getChildSubreaper: ("PR_GET_CHILD_SUBREAPER", .notBuilt(.invalidArgument))
        case .setNoNewPrivs: ("PR_SET_NO_NEW_PRIVS", .notBuilt(.invalidArgument))
        case .getNoNewPrivs: ("PR_GET_NO_NEW_PRIVS", .notBuilt(.invalidArgument))
        case .getTidAddress: ("PR_GET_TID_ADDRESS", .notBuilt(.invalidArgument))
        case .setThpDisable: ("PR_SET_THP_DISABLE", .honoured)
        case .getThpDisable: ("PR_GET_THP_DISABLE", .honoured)
        case .mpxEnableManagement:
            ("PR_MPX_ENABLE_MANAGEMENT", .refused(.invalidArgument, "kernel/sys.c: removed in Linux 5.6"))
        case .mpxDisableManagement:
            ("PR_MPX_DISABLE_MANAGEMENT", .refused(.invalidArgument, "kernel/sys.c: removed in Linux 5.6"))
        case .setFpMode: ("PR_SET_FP_MODE", Self.notOnARM)
        case .getFpMode: ("PR_GET_FP_MODE", Self.notOnARM)
        case .capAmbient: ("PR_CAP_AMBIENT", .notBuilt(.invalidArgument))
        case .sveSetVl: ("PR_SVE_SET_VL", .refused(.invalidArgument, "arch/arm64/kernel/fpsimd.c: the CPU has no SVE"))
        case .sveGetVl: ("PR_SVE_GET_VL", .refused(.invalidArgument, "arch/arm64/kernel/fpsimd.c: the CPU has no SVE"))
        case .getSpeculationCtrl: ("PR_GET_SPECULATION_CTRL", .notBuilt(.invalidArgument))
        case .setSpeculationCtrl: ("PR_SET_SPECULATION_CTRL", .notBuilt(.invalidArgument))
        case .pacResetKeys:
            (
                "PR_PAC_RESET_KEYS",
                .refused(.invalidArgument, "arch/arm64/kernel/pointer_auth.c: the CPU has no pointer authentication")
            )
        case .setTaggedAddrCtrl: ("PR_SET_TAGGED_ADDR_CTRL", .notBuilt(.invalidArgument))
        case .getTaggedAddrCtrl: ("PR_GET_TAGGED_ADDR_CTRL", .notBuilt(.invalidArgument))
        case .setIoFlusher: ("PR_SET_IO_FLUSHER", .notBuilt(.invalidArgument))
        case .getIoFlusher: ("PR_GET_IO_FLUSHER", .notBuilt(.invalidArgument))
        case .setSyscallUserDispatch:
            (
                "PR_SET_SYSCALL_USER_DISPATCH",
                .refused(.invalidArgument, "kernel/sys.c: arm64 has no CONFIG_GENERIC_ENTRY")
            )
        case .pacSetEnabledKeys:
            (
                "PR_PAC_SET_ENABLED_KEYS",
                .refused(.invalidArgument, "arch/arm64/kernel/pointer_auth.c: the CPU has no pointer authentication")
            )
        case .pacGetEnabledKeys:
            (
                "PR_PAC_GET_ENABLED_KEYS",
                .refused(.invalidArgument, "arch/arm64/kernel/pointer_auth.c: the CPU has no pointer authentication")
            )
        case .schedCore: ("PR_SCHED_CORE", .notBuilt(.invalidArgument))
        case .smeSetVl: ("PR_SME_SET_VL", .refused(.invalidArgument, "arch/arm64/kernel/fpsimd.c: the CPU has no SME"))
        case .smeGetVl: ("PR_SME_GET_VL", .refused(.invalidArgument, "arch/arm64/kernel/fpsimd.c: the CPU has no SME"))
        case .setMdwe: ("PR_SET_MDWE", .refused(.invalidArgument, "kernel/sys.c: of Linux 6.3, unknown to 6.1"))
        case .getMdwe: ("PR_GET_MDWE", .refused(.invalidArgument, "kernel/sys.c: of Linux 6.3, unknown to 6.1"))
        case .setVma: ("PR_SET_VMA", .honoured)
        case .setPtracer: ("PR_SET_PTRACER", .notBuilt(.invalidArgument))
        }
    }
}

/// The attribute that `PR_SET_VMA` sets. Source: Linux `include/uapi/linux/prctl.h`.
public enum MappingAttribute: UInt64, DescribedValue {
    case anonymousName = 0

    public static var unknownValue: Treatment { .refused(.invalidArgument, "kernel/sys.c, prctl_set_vma") }

    @inlinable
    public var entry: (name: StaticString, treatment: Treatment) {
        switch self {
        case .anonymousName: ("PR_SET_VMA_ANON_NAME", .honoured)
        }
    }
}
