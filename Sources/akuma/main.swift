import AkumaCommand

await AkumaCommand.run()
