// The commands behind `./akuma`.
