import LinuxABI
import Machine
import MemoryModel

/// `PR_SET_VMA_ANON_NAME` (kernel/sys.c, prctl_set_vma): the name is read before the range is looked at.
@inline(never)
func nameMemory(_ call: SystemCallArguments) throws(Errno) {
    let name = call.fifth == 0 ? nil : try mappingName(at: call.fifth)
    try withMemory { (space, frames) throws(MapError) in
        try space.setName(
            name, of: VirtualAddress(call.third), length: ByteCount(call.fourth), frames: &frames)
    }
}

/// The name at an address; EFAULT where its end can't be read, and EINVAL where it has none in 80 bytes, before what its
/// characters are (mm/util.c, strndup_user).
private func mappingName(at address: UInt64) throws(Errno) -> MappingName {
    var name = MappingName()
    var isValid = true
    for index in 0...UInt64(MappingName.maximumCount) {
        let byte = try UserPointer(address).advanced(by: index, of: UInt8.self).load(UInt8(0))
        if byte == 0 {
            guard isValid else { throw .invalidArgument }
            return name
        }
        let isAppended = name.append(byte)
        isValid = isValid && isAppended
    }
    throw .invalidArgument
}
