import libakuma

print("Hello from Akuma, at EL0 and in my own memory.")
print("I am process \(Program.processID), called as:", Program.arguments.joined(separator: " "))
