using LatentDb.MemoryStore.Identity;
using Npgsql;

namespace LatentDb.Cluster.Running;

/// <summary>Who owns which shard, as the cluster's database says.</summary>
/// <param name="connectionString">Of the database.</param>
/// <param name="shards">How many there are.</param>
public sealed class ShardTable(string connectionString, int shards)
{
    /// <summary>The shard of a memory of the default tenant.</summary>
    public int ShardOf(string memory) => ShardId.Of(new MemoryKey(TenantId.Default, MemoryId.Parse(memory)), shards).Value;

    /// <summary>Each shard that has an owner whose lease is not over.</summary>
    public async Task<IReadOnlyDictionary<int, string>> OwnersAsync()
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select shard, owner from latentdb_shards where owner is not null and lease_until > clock_timestamp()", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
        var owners = new Dictionary<int, string>();
        while (await reader.ReadAsync()) owners.Add(reader.GetInt32(0), reader.GetString(1));
        return owners;
    }

    /// <summary>Waits until every shard has an owner, and none of them that silo.</summary>
    public async Task UntilOwnedWithoutAsync(string silo, TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit);
        while (true)
        {
            IReadOnlyDictionary<int, string> owners = await OwnersAsync();
            if (owners.Count == shards && !owners.Values.Contains(silo)) return;
            if (stop.IsCancellationRequested) throw new TimeoutException($"After {limit} {owners.Count} of {shards} shards have an owner, {owners.Values.Count(owner => owner == silo)} of them {silo}, which is gone.");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    /// <summary>Waits until every shard has an owner, and each of these silos owns its share, or one less.</summary>
    public async Task UntilSharedByAsync(IReadOnlyCollection<string> silos, TimeSpan limit)
    {
        using var stop = new CancellationTokenSource(limit);
        while (true)
        {
            IReadOnlyDictionary<int, string> owners = await OwnersAsync();
            int[] shares = [.. silos.Select(silo => owners.Values.Count(owner => owner == silo))];
            if (shares.Sum() == shards && shares.Min() >= shards / silos.Count) return;
            if (stop.IsCancellationRequested) throw new TimeoutException($"After {limit} the silos {string.Join(", ", silos)} own {string.Join(", ", shares)} of {shards} shards.");
            await Task.Delay(50, CancellationToken.None);
        }
    }
}
