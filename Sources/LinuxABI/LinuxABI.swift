// LinuxABI: Linux's system-call ABI for AArch64, as data.
//
// Numbers, flags, error numbers and the layouts of structures that cross the system-call boundary. The kernel, libakuma
// and the host's tests read the same description. There is no behaviour here, no heap and nothing unsafe.
//
// Sources: Linux `include/uapi/asm-generic/*.h`, `include/uapi/linux/*.h`, `arch/arm64/include/uapi/asm/*.h`.
