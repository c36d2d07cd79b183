using System.Globalization;

namespace LatentDb.Silos;

/// <summary>What is compared, and how long.</summary>
internal sealed record Settings
{
    public required Arrangement Arrangement { get; init; }

    /// <summary>Silos against one.</summary>
    public int Count { get; init; } = 3;

    /// <summary>Of one core, for each counted silo: small, so that all of them, the front and the load fit on a small machine.</summary>
    public double Share { get; init; } = 0.08;

    public int Rounds { get; init; } = 5;

    public double Seconds { get; init; } = 6;

    /// <summary>Shards of each cluster; a multiple of the number of silos is shared out evenly.</summary>
    public int Shards { get; init; } = 24;

    /// <summary>Memories of each shard, each written by one caller: enough that the silos always have something to do.</summary>
    public int MemoriesOfAShard { get; init; } = 2;

    /// <summary>True: questions instead of injects.</summary>
    public bool Asks { get; init; }

    /// <summary>Sentences of an inject.</summary>
    public int Sentences { get; init; } = 1;

    /// <summary>Null when they are not understood.</summary>
    public static Settings? Parse(string[] arguments)
    {
        Arrangement? arrangement = arguments.FirstOrDefault() switch { "stores" => Arrangement.Stores, "models" => Arrangement.Models, "whole" => Arrangement.Whole, _ => null };
        if (arrangement is null || arguments.Length % 2 == 0) return null;
        Settings? settings = new() { Arrangement = arrangement };
        for (int i = 1; i + 1 < arguments.Length && settings is not null; i += 2)
        {
            string value = arguments[i + 1];
            settings = arguments[i] switch
            {
                "--silos" => settings with { Count = Whole(value) },
                "--share" => settings with { Share = double.Parse(value, CultureInfo.InvariantCulture) },
                "--rounds" => settings with { Rounds = Whole(value) },
                "--seconds" => settings with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                "--memories" => settings with { MemoriesOfAShard = Whole(value) },
                "--sentences" => settings with { Sentences = Whole(value) },
                "--work" => settings with { Asks = value == "query" },
                _ => null,
            };
        }

        return settings;
    }

    private static int Whole(string value) => int.Parse(value, CultureInfo.InvariantCulture);
}
