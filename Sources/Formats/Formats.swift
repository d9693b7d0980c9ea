// Formats: what other people's tools hand to Akuma, read without trusting it.
//
// For:      the flattened device tree that firmware passes, the cpio archive that serves as initial ramdisk.
// Touches:  bytes, through spans that the caller lends. Results are values, or places in those bytes.
// Never:    the heap, I/O, a trap or an endless loop: whatever the bytes say, the answer is a value or a typed error.
// Runs on:  the kernel, the host's command, the tests.
