using LatentDb.Placement;

// Where shards and model work go in clusters that do not fit on this machine, by the code that decides it in real ones. Everything is seeded.
string what = args.FirstOrDefault() ?? "all";
if (what is not ("shards" or "moves" or "cache" or "all"))
{
    Console.Error.WriteLine("Placement [shards|moves|cache|all]: balance of shards, movement when silos come and go, hit rate of model silos.");
    return 1;
}

if (what is "shards" or "all") ShardBalance.Print(Console.Out);
if (what is "moves" or "all") ShardMoves.Print(Console.Out);
if (what is "cache" or "all") CacheRates.Print(Console.Out);
return 0;
