using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Records;

/// <summary>The checkpoint record and the pages of the directory.</summary>
internal static class CheckpointCodec
{
    private const int GenesisParts = 3;
    private const int ItemParts = 4;
    private const int UsageParts = 4;
    private const long NotCounted = -1;

    public static void Write(ref MessagePackWriter writer, CheckpointRecord record)
    {
        writer.WriteMapHeader(record.Erasures.IsEmpty ? 4 : 5);
        writer.WriteInt64(1);
        writer.WriteArrayHeader(record.Before.Length);
        foreach (EpochSeal seal in record.Before)
        {
            writer.WriteArrayHeader(3);
            writer.WriteInt64(seal.Epoch.Value);
            writer.Write(seal.Manifest);
            writer.Write(seal.Blocks);
        }

        writer.WriteInt64(2);
        WriteGenesis(ref writer, record.Genesis);
        writer.WriteInt64(3);
        writer.WriteArrayHeader(record.Pages.Length);
        foreach (RecordLocation page in record.Pages) writer.Write(page);
        writer.WriteInt64(4);
        WriteUsage(ref writer, record.Usage);
        if (record.Erasures.IsEmpty) return;
        writer.WriteInt64(5);
        writer.WriteArrayHeader(record.Erasures.Length);
        foreach (RequestDigest erasure in record.Erasures) KeyCodec.Write(ref writer, erasure);
    }

    public static CheckpointRecord Read(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        var before = ImmutableArray.CreateBuilder<EpochSeal>(reader.ReadArrayHeader());
        for (int i = 0; i < before.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), 3, "epoch seal");
            before.Add(new EpochSeal(new Epoch(reader.ReadInt64()), reader.ReadSeal(), reader.ReadSeal()));
        }

        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        ImmutableArray<GenesisState> genesis = ReadGenesis(ref reader);
        fields.Next(ref reader);
        fields.Field(ref reader, 3);
        var pages = ImmutableArray.CreateBuilder<RecordLocation>(reader.ReadArrayHeader());
        for (int i = 0; i < pages.Capacity; i++) pages.Add(reader.ReadLocation());
        fields.Next(ref reader);
        fields.Field(ref reader, 4);
        ImmutableArray<SegmentUsage> usage = ReadUsage(ref reader);
        fields.Next(ref reader);
        ImmutableArray<RequestDigest> erasures = [];
        if (fields.TryField(ref reader, 5))
        {
            erasures = ReadDigests(ref reader);
            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return new CheckpointRecord(before.MoveToImmutable(), genesis, pages.MoveToImmutable(), usage) { Erasures = erasures };
    }

    public static void WritePage(ref MessagePackWriter writer, DirectoryPageRecord page)
    {
        int waiting = page.Items.Count(i => i.IsWaiting);
        writer.WriteMapHeader(waiting == 0 ? 3 : 4);
        writer.WriteInt64(1);
        writer.WriteArrayHeader(page.Items.Length);
        foreach (DirectoryItem item in page.Items)
        {
            writer.WriteArrayHeader(ItemParts);
            writer.Write(item.Uid);
            writer.Write(item.Key);
            writer.Write(item.State);
            WriteUids(ref writer, item.Lenders);
        }

        writer.WriteInt64(2);
        WriteUids(ref writer, page.Removed);

        // Beside the items and not in them: programs before this field pass it over.
        writer.WriteInt64(3);
        writer.WriteArrayHeader(page.Items.Length);
        foreach (DirectoryItem item in page.Items) writer.WriteInt64(item.Bytes);
        if (waiting == 0) return;
        writer.WriteInt64(4);
        writer.WriteArrayHeader(waiting);
        for (int i = 0; i < page.Items.Length; i++)
        {
            if (page.Items[i].IsWaiting) writer.WriteInt64(i);
        }
    }

    public static DirectoryPageRecord ReadPage(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        var items = ImmutableArray.CreateBuilder<DirectoryItem>(reader.ReadArrayHeader());
        for (int i = 0; i < items.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), ItemParts, "directory item");
            items.Add(new DirectoryItem(reader.ReadUid(), reader.ReadKey(), reader.ReadLocation(), ReadUids(ref reader), NotCounted, IsWaiting: false));
        }

        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        ImmutableArray<MemoryUid> removed = ReadUids(ref reader);
        fields.Next(ref reader);
        if (fields.TryField(ref reader, 3))
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), items.Count, "bytes of memories");
            for (int i = 0; i < items.Count; i++) items[i] = items[i] with { Bytes = reader.ReadInt64() };
            fields.Next(ref reader);
        }

        if (fields.TryField(ref reader, 4))
        {
            for (int left = reader.ReadArrayHeader(); left > 0; left--)
            {
                int index = reader.ReadInt32();
                if (index < 0 || index >= items.Count) throw new MessagePackFormatException($"Memory {index} of the page is not there.");
                items[index] = items[index] with { IsWaiting = true };
            }

            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return new DirectoryPageRecord(items.MoveToImmutable(), removed);
    }

    public static void WriteGenesis(ref MessagePackWriter writer, ImmutableArray<GenesisState> states)
    {
        writer.WriteArrayHeader(states.Length);
        foreach (GenesisState genesis in states)
        {
            writer.WriteArrayHeader(GenesisParts);
            writer.Write(genesis.Fingerprint);
            writer.Write(genesis.Location);
            writer.Write(genesis.Blocks);
        }
    }

    public static ImmutableArray<GenesisState> ReadGenesis(ref MessagePackReader reader)
    {
        var genesis = ImmutableArray.CreateBuilder<GenesisState>(reader.ReadArrayHeader());
        for (int i = 0; i < genesis.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), GenesisParts, "genesis");
            genesis.Add(new GenesisState(reader.ReadFingerprint(), reader.ReadLocation(), reader.ReadBlocks()));
        }

        return genesis.MoveToImmutable();
    }

    public static void WriteErased(ref MessagePackWriter writer, MemoryErasedRecord record)
    {
        writer.WriteMapHeader(record.Under is null ? 2 : 3);
        writer.WriteInt64(1);
        if (record.State is null) writer.WriteNil();
        else writer.Write(record.State);
        writer.WriteInt64(2);
        WriteUsage(ref writer, record.Usage);
        if (record.Under is null) return;
        writer.WriteInt64(3);
        KeyCodec.Write(ref writer, record.Under);
    }

    public static MemoryErasedRecord ReadErased(ref MessagePackReader reader)
    {
        FieldReader fields = FieldReader.Begin(ref reader);
        fields.Field(ref reader, 1);
        RecordLocation? state = reader.TryReadNil() ? null : reader.ReadLocation();
        fields.Next(ref reader);
        fields.Field(ref reader, 2);
        ImmutableArray<SegmentUsage> usage = ReadUsage(ref reader);
        fields.Next(ref reader);
        RequestDigest? under = null;
        if (fields.TryField(ref reader, 3))
        {
            under = KeyCodec.ReadDigest(ref reader);
            fields.Next(ref reader);
        }

        fields.End(ref reader);
        return new MemoryErasedRecord(state, usage) { Under = under };
    }

    private static ImmutableArray<RequestDigest> ReadDigests(ref MessagePackReader reader)
    {
        var digests = ImmutableArray.CreateBuilder<RequestDigest>(reader.ReadArrayHeader());
        for (int i = 0; i < digests.Capacity; i++)
        {
            digests.Add(KeyCodec.ReadDigest(ref reader) ?? throw new MessagePackFormatException("An erasure without a digest."));
        }

        return digests.MoveToImmutable();
    }

    private static void WriteUsage(ref MessagePackWriter writer, ImmutableArray<SegmentUsage> segments)
    {
        writer.WriteArrayHeader(segments.Length);
        foreach (SegmentUsage usage in segments)
        {
            writer.WriteArrayHeader(UsageParts);
            writer.WriteInt64(usage.Segment.Epoch.Value);
            writer.WriteInt64((byte)usage.Segment.Log);
            writer.WriteInt64(usage.Segment.Segment);
            writer.WriteInt64(usage.Bytes);
        }
    }

    private static ImmutableArray<SegmentUsage> ReadUsage(ref MessagePackReader reader)
    {
        var usage = ImmutableArray.CreateBuilder<SegmentUsage>(reader.ReadArrayHeader());
        for (int i = 0; i < usage.Capacity; i++)
        {
            ScalarCodec.Expect(reader.ReadArrayHeader(), UsageParts, "segment usage");
            usage.Add(new SegmentUsage(new SegmentId(new Epoch(reader.ReadInt64()), (LogName)reader.ReadInt32(), reader.ReadInt32()), reader.ReadInt64()));
        }

        return usage.MoveToImmutable();
    }

    private static void WriteUids(ref MessagePackWriter writer, ImmutableArray<MemoryUid> uids)
    {
        writer.WriteArrayHeader(uids.Length);
        foreach (MemoryUid uid in uids) writer.Write(uid);
    }

    private static ImmutableArray<MemoryUid> ReadUids(ref MessagePackReader reader)
    {
        int count = reader.ReadArrayHeader();
        if (count == 0) return [];
        var uids = ImmutableArray.CreateBuilder<MemoryUid>(count);
        for (int i = 0; i < count; i++) uids.Add(reader.ReadUid());
        return uids.MoveToImmutable();
    }
}
