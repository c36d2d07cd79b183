using System.Collections.Immutable;
using LatentDb.Grains.Wire;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.Grains.Remote;

/// <summary>One silo's part of a listing.</summary>
/// <param name="Memories">In order of id; fewer than were asked for means that there are no more here.</param>
/// <param name="Shards">The shards that it is about.</param>
internal sealed record OwnedPage(ImmutableArray<MemorySummary> Memories, ImmutableArray<int> Shards)
{
    public void Write(LinkBuffer buffer)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteMapHeader(2);
        writer.Field(1, Memories, VersionCodec.Write);
        writer.Field(2, Shards, ScalarValues.Write);
    }

    /// <exception cref="LatentDbException">data_damaged.</exception>
    public static OwnedPage Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new MessagePackReader(bytes);
            FieldReader fields = FieldReader.Begin(ref reader);
            var page = new OwnedPage(
                fields.Array(ref reader, 1, VersionCodec.ReadSummary, WireLimits.MaxPage),
                fields.Array(ref reader, 2, ScalarValues.ReadInt32, WireLimits.MaxShards));
            fields.End(ref reader);
            return page;
        }
        catch (MessagePackFormatException error)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, "A listing from another silo cannot be read.", error);
        }
    }
}
