// A machine for tests.
