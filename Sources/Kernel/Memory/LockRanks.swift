import Machine

// The order in which the kernel's locks are taken. A rank is a type, so a lock can't be confused with another, and Machine
// traps when one is taken while a higher one is held.

/// Who runs next. Never held while anything else is asked for.
enum SchedulerRank: LockRank { static var rank: UInt64 { 40 } }
/// The free frames and their records: taken last by everyone who changes memory.
enum FramesRank: LockRank { static var rank: UInt64 { 30 } }
/// The ASIDs.
enum IdentifiersRank: LockRank { static var rank: UInt64 { 20 } }
