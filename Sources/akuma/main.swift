print("akuma: not built yet")
