// What a program imports.
