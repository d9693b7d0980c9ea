/// The name of a kernel object that lives at a fixed address: in a ``Pool``, on a kernel stack, in a global.
///
/// Copyable, and as small as a pointer (an optional handle too). It owns nothing: whoever destroys the object must know
/// that no handle to it is used afterwards, as with an index into a table.
@frozen @safe public struct Handle<T: ~Copyable>: Copyable, Equatable, @unchecked Sendable {
    @usableFromInline let pointer: UnsafeMutablePointer<T>

    /// The object at `address`, which must be one of type `T`, aligned, and never 0.
    ///
    /// The one way to make a handle outside this module: for an object whose address came from hardware or assembly.
    @unsafe @inlinable public init(unsafeAddress address: UInt64) {
        guard let pointer = unsafe UnsafeMutablePointer<T>(bitPattern: UInt(address)) else {
            preconditionFailure("no object lives at address 0")
        }
        unsafe self.pointer = pointer
    }

    @inlinable init(_ pointer: UnsafeMutablePointer<T>) { unsafe self.pointer = pointer }

    /// The object itself, in place: reading and changing it moves nothing.
    @inlinable public var value: T {
        unsafeAddress { unsafe UnsafePointer(pointer) }
        nonmutating unsafeMutableAddress { unsafe pointer }
    }

    /// Places an object for good at `address`, in memory of the caller's that is large enough and suitably aligned.
    @discardableResult public static func place(_ value: consuming T, at address: UInt64) -> Handle {
        let handle = unsafe Handle(unsafeAddress: address)
        unsafe handle.pointer.initialize(to: value)
        return handle
    }

    /// Where the object lives.
    @inlinable public var address: UInt64 { unsafe UInt64(UInt(bitPattern: pointer)) }

    @inlinable public static func == (left: Handle, right: Handle) -> Bool { left.address == right.address }
}
