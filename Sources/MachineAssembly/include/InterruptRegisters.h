// The CPU interface of GICv3 (Arm IHI 0069, 12.2), by encoding, since -march=armv8-a does not know the names.
#pragma once
#include "Registers.h"

AKUMA_READ(icc_iar1_el1, "S3_0_C12_C12_0")
AKUMA_WRITE(icc_eoir1_el1, "S3_0_C12_C12_1")
AKUMA_WRITE(icc_pmr_el1, "S3_0_C4_C6_0")
AKUMA_WRITE(icc_bpr1_el1, "S3_0_C12_C12_3")
AKUMA_WRITE(icc_ctlr_el1, "S3_0_C12_C12_4")
AKUMA_READ(icc_sre_el1, "S3_0_C12_C12_5")
AKUMA_WRITE(icc_sre_el1, "S3_0_C12_C12_5")
AKUMA_WRITE(icc_igrpen1_el1, "S3_0_C12_C12_7")
