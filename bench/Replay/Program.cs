using LatentDb.Replay;

if (args.Length != 1)
{
    Console.Error.WriteLine("usage: replay <case folder, or a folder of cases>");
    return 2;
}

return await ReplayCommand.RunAsync(args[0], Console.Out);
