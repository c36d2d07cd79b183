using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Copies;

/// <summary>What operations.md tells to do when copies are lost, done with processes.</summary>
public sealed class PromotionTests
{
    [RequiresPostgresFact]
    public async Task When_all_copies_that_counted_are_gone_an_operator_names_an_older_one()
    {
        await using var silos = new CopiedSilos("quorum", "--replicas", "3", "--min-in-sync", "2");
        await silos.StartDatabaseAsync();
        foreach (string name in (string[])["a", "b", "c"]) await silos.StartAsync(name);
        await silos.CreateAsync("a");
        await silos.CountAsync("a", "b", "c");
        long older = await silos.InjectAsync("a", "1");
        await silos.TerminateAsync("c");
        await silos.CountAsync("a", "b");
        long newer = await silos.InjectAsync("a", "2");
        foreach (string name in (string[])["a", "b"])
        {
            await silos.KillAsync(name);
            silos.Lose(name);
        }

        await silos.LeasesEndAsync();
        (int exitCode, string output) = await silos.RunAsync("cluster", "promote", "--silo", "c", "--shard", "all", "--cluster-database", silos.Database);

        Assert.True(exitCode == 0, output);
        Assert.Contains("Shards that count at c alone from now on: 0, 1.", output, StringComparison.Ordinal);
        foreach (string name in (string[])["a", "c", "b"]) await silos.StartAsync(name);
        Assert.Equal(older, await silos.HeadAsync("a"));
        Assert.Equal(newer, await silos.InjectAsync("b", "3"));
        await silos.CountAsync("a", "b", "c");
        Assert.Equal(["1", "3"], (await silos.KeysAsync("c")).OrderBy(version => version.Key).Select(version => version.Value));
    }

    [RequiresPostgresFact]
    public async Task When_all_folders_are_gone_one_is_restored_and_the_others_are_filled_from_it()
    {
        using var places = new TempFolder();
        foreach (string place in (string[])["place", "keys"]) Directory.CreateDirectory(places.Combine(place));
        string[] backup = ["--backup-place", places.Combine("place"), "--backup-keys-place", places.Combine("keys")];
        await using var silos = new CopiedSilos("quorum", ["--replicas", "2", "--min-in-sync", "2", "--backup-seconds", "1", .. backup]);
        await silos.StartDatabaseAsync();
        foreach (string name in (string[])["a", "b"]) await silos.StartAsync(name);
        await silos.CreateAsync("a");
        long acknowledged = await silos.InjectAsync("a", "1");
        await PassedAsync(places.Combine("place"));
        foreach (string name in (string[])["a", "b"])
        {
            await silos.KillAsync(name);
            silos.Lose(name);
        }

        await silos.LeasesEndAsync();
        (int restored, string told) = await silos.RunAsync(["restore", "--data", silos.Folder("a"), .. backup]);
        (int promoted, string named) = await silos.RunAsync("cluster", "promote", "--silo", "a", "--shard", "all", "--restored", "true", "--cluster-database", silos.Database);

        Assert.True((restored, promoted) == (0, 0), told + named);
        foreach (string name in (string[])["b", "a"]) await silos.StartAsync(name, "--min-in-sync", "1");
        Assert.Equal(acknowledged, await silos.HeadAsync("b"));
        await silos.CountAsync("a", "b");
        await silos.InjectAsync("b", "2");
        Assert.Equal(["1", "2"], (await silos.KeysAsync("a")).OrderBy(version => version.Key).Select(version => version.Value));
    }

    [RequiresPostgresFact]
    public async Task When_the_database_is_gone_no_silo_serves_under_another_before_an_operator_names_a_folder()
    {
        await using var silos = new CopiedSilos("quorum", "--replicas", "2", "--min-in-sync", "2");
        await silos.StartDatabaseAsync();
        foreach (string name in (string[])["a", "b"]) await silos.StartAsync(name);
        await silos.CreateAsync("a");
        long acknowledged = await silos.InjectAsync("a", "1");
        await silos.CountAsync("a", "b");
        foreach (string name in (string[])["a", "b"]) await silos.KillAsync(name);
        await silos.LoseDatabaseAsync();

        InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => silos.StartAsync("a"));
        Assert.Contains("the database is that of the cluster", refusal.Message, StringComparison.Ordinal);
        silos.Lose("b");
        File.Delete(Path.Combine(silos.Folder("a"), "cluster"));
        string[] promotion = ["cluster", "promote", "--silo", "a", "--shard", "all", "--restored", "true", "--cluster-database", silos.Database];
        (int unknown, string question) = await silos.RunAsync(promotion);
        (int promoted, string named) = await silos.RunAsync([.. promotion, "--shards", "2"]);

        // The empty one first: it must not become the truth.
        foreach (string name in (string[])["b", "a"]) await silos.StartAsync(name, "--min-in-sync", "1");
        Assert.True(unknown != 0 && question.Contains("--shards", StringComparison.Ordinal), question);
        Assert.True(promoted == 0, named);
        Assert.Equal(acknowledged, await silos.HeadAsync("b"));
        await silos.CountAsync("a", "b");
        await silos.InjectAsync("b", "2");
        Assert.Equal(["1", "2"], (await silos.KeysAsync("a")).OrderBy(version => version.Key).Select(version => version.Value));
    }

    [RequiresPostgresFact]
    public async Task Without_a_wait_for_followers_the_one_that_is_promoted_has_a_beginning_of_the_history()
    {
        await using var silos = new CopiedSilos("async", "--replicas", "2");
        await silos.StartDatabaseAsync();
        foreach (string name in (string[])["a", "b"]) await silos.StartAsync(name);
        await silos.CreateAsync("a");
        await silos.CountAsync("a", "b");
        string owner = await silos.OwnerAsync();
        string follower = owner == "a" ? "b" : "a";
        var acknowledged = new Dictionary<long, string>();
        for (int i = 0; i < 40; i++) acknowledged.Add(await silos.InjectAsync(owner, $"{i}"), $"{i}");
        double lag = await silos.MetricAsync(owner, "latentdb_store_copies_lag_bytes");
        await silos.KillAsync(owner);

        long head = await silos.HeadAsync(follower);
        Dictionary<long, string> found = await silos.KeysAsync(follower);

        Assert.InRange(lag, 0, 128 << 20);
        Assert.Equal(acknowledged.Where(version => version.Key <= head).OrderBy(version => version.Key), found.OrderBy(version => version.Key));
        await silos.StartAsync(owner);
        await silos.CountAsync("a", "b");
        Assert.Equal(head + 1, await silos.InjectAsync(owner, "after"));
    }

    /// <summary>Two passes over each shard that began after the call: the first may have begun before.</summary>
    private static async Task PassedAsync(string place)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        string[] before = Points(place);
        while (Points(place).Except(before).CountBy(file => Path.GetDirectoryName(file)!).Count(shard => shard.Value >= 2) < 2) await Task.Delay(50, limit.Token);
    }

    /// <summary>None before the first pass has made their folder.</summary>
    private static string[] Points(string place)
    {
        string folder = Path.Combine(place, "points");
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".tmp", StringComparison.Ordinal))];
    }
}
