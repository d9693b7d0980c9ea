public import libakuma
internal import ProgramTestingAssembly

/// Makes a child on this program's memory, which ends at once, while no more than a few frames can be had.
/// - Returns: the child's number or `-errno`.
public func vfork(with shortage: AkumaShortage) -> Int {
    Int(akuma_vfork_short_of_frames(SystemCallNumber.akumaShortage.rawValue, shortage.rawValue))
}
