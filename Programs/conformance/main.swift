// What memory is to a program, in several hundred cases: one line each, `area/case: what was observed`, the same on
// Akuma and on Linux. Arguments are beginnings of names; without any, all cases run.
//
// Addresses are relative to a fixed place that is free on both kernels, and pages are looked at by touching them.

import libakuma

let areas: [() -> [Case]] = [
    mappingCases, mappingErrorCases, hintCases, replacementCases,
    unmappingCases, protectionCases, protectionEdgeCases, remappingCases, remappingEdgeCases, breakCases,
    adviceCases, synchronisingCases, residencyCases, lockingCases,
    memoryFileCases, sealCases, fileMappingCases, fileEndCases,
    forkCases, faultCases, stackCases,
    processMemoryCases, namingCases, personalityCases, limitCases,
]

catchFaults()
let wanted = Array(Program.arguments.dropFirst())
for area in areas {
    for one in area() where wanted.isEmpty || wanted.contains(where: { one.name.hasPrefix($0) }) { one.run() }
}
