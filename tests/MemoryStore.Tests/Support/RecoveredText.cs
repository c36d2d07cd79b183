using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Epochs;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Support;

/// <summary>What a shard's folder says, read without opening it: equal texts mean equal states, bit for bit.</summary>
internal static class RecoveredText
{
    /// <param name="data">The data folder.</param>
    /// <param name="readStates">False: only what recovery itself reads.</param>
    public static async Task<string> OfAsync(string data, bool readStates = true)
    {
        var layout = new ShardLayout(LocalDisk.Instance, Path.Combine(data, "shard-0000"));
        Epoch current = layout.States.Read()!.Current;
        using var epochs = new EpochSet(layout);
        LocalMasterKeys master = LocalMasterKeys.OpenOrCreate(Path.Combine(data, "master.key"), isNewStore: false);
        await using Keyring keyring = await Keyring.OpenAsync(layout.Disk, layout.EpochFolder(current), master, CancellationToken.None);
        var keys = new ShardKeys(keyring);
        var index = new ShardIndex();
        index.Usage.SegmentBytes = (location, log) => epochs.Get(location.Epoch).Reader(log).Geometry.SegmentBytes;
        RecoveredShard recovered = await new EpochReplay(layout, epochs, keys, index, NullLogger.Instance).RunAsync(current, CancellationToken.None);
        var text = new StringBuilder().Append(recovered.HighMark).Append(' ').AppendJoin(';', recovered.Epochs.Select(e => $"{e.Epoch} {e.Manifest.Sequence} {e.Manifest.Chain}")).Append(' ').AppendJoin(';', index.Usage.ToArray());
        var loader = new MemoryLoader(index, new ShardRecords(epochs, keys));
        foreach (MemoryRef memory in index.Directory.All().OrderBy(m => m.Uid.Value))
        {
            text.Append(' ').Append(memory.Uid).Append(memory.Key).AppendJoin(',', memory.Lenders);
            if (!readStates) continue;
            MemoryEntry entry = (await loader.FindAsync(memory, CancellationToken.None))!;
            text.Append(' ').Append(Convert.ToHexString(RecordCodec.Encode(new MemoryStateRecord(entry.ToState())).Span));
        }

        return text.ToString();
    }
}
