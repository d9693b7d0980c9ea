/// The kernel's random numbers: ChaCha20 (RFC 8439) in counter mode, whose key is replaced after every block by half of
/// its output, so that a later look at the state tells nothing of earlier numbers.
///
/// The seed comes from the host by way of the ramdisk; a fixed seed gives the same numbers in every run.
struct RandomGenerator: ~Copyable {
    private var key: InlineArray<8, UInt32>
    private var nonce: UInt64 = 0

    /// - Parameter seed: 32 bytes.
    init(seed: InlineArray<32, UInt8>) {
        key = InlineArray { word in
            var value: UInt32 = 0
            for byte in 0..<4 { value |= UInt32(seed[word * 4 + byte]) << UInt32(8 * byte) }
            return value
        }
    }

    /// 32 random bytes.
    mutating func nextBlock() -> InlineArray<32, UInt8> {
        nonce &+= 1
        let block = RandomGenerator.block(key: key, counter: 0, nonce: nonce)
        for word in 0..<8 { key[word] = block[word] }
        return InlineArray { byte in UInt8(truncatingIfNeeded: block[8 + byte / 4] >> UInt32(8 * (byte % 4))) }
    }

    /// The ChaCha20 block function (RFC 8439 §2.3), nonce in the last two words.
    private static func block(key: InlineArray<8, UInt32>, counter: UInt32, nonce: UInt64) -> InlineArray<16, UInt32> {
        var state = InlineArray<16, UInt32>(repeating: 0)
        state[0] = 0x6170_7865
        state[1] = 0x3320_646E
        state[2] = 0x7962_2D32
        state[3] = 0x6B20_6574
        for word in 0..<8 { state[4 + word] = key[word] }
        state[12] = counter
        state[14] = UInt32(truncatingIfNeeded: nonce)
        state[15] = UInt32(truncatingIfNeeded: nonce >> 32)
        let initial = state
        for _ in 0..<10 {
            quarterRound(&state, 0, 4, 8, 12)
            quarterRound(&state, 1, 5, 9, 13)
            quarterRound(&state, 2, 6, 10, 14)
            quarterRound(&state, 3, 7, 11, 15)
            quarterRound(&state, 0, 5, 10, 15)
            quarterRound(&state, 1, 6, 11, 12)
            quarterRound(&state, 2, 7, 8, 13)
            quarterRound(&state, 3, 4, 9, 14)
        }
        for word in 0..<16 { state[word] &+= initial[word] }
        return state
    }

    @inline(__always)
    private static func quarterRound(
        _ state: inout InlineArray<16, UInt32>, _ a: Int, _ b: Int, _ c: Int, _ d: Int
    ) {
        func rotate(_ value: UInt32, by count: UInt32) -> UInt32 { value << count | value >> (32 - count) }
        state[a] &+= state[b]
        state[d] = rotate(state[d] ^ state[a], by: 16)
        state[c] &+= state[d]
        state[b] = rotate(state[b] ^ state[c], by: 12)
        state[a] &+= state[b]
        state[d] = rotate(state[d] ^ state[a], by: 8)
        state[c] &+= state[d]
        state[b] = rotate(state[b] ^ state[c], by: 7)
    }
}
