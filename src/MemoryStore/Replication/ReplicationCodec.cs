using System.Buffers;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;

namespace LatentDb.MemoryStore.Replication;

/// <summary>
/// What owner and follower say to each other on a link.
/// <code>
/// owner                                    follower
/// Hello shard, term, session          →
///                                     ←   Standing session, position: how far it has followed, and whom
/// Changes from there                  →   when the owner still has them, or else:
/// Compare                             →
///                                     ←   Listing: names, lengths, hashes of pieces
/// Changes: begin copy, pieces between what happens, end copy, and so on ->
///                                     ←   Confirmed position: all below it was made, and synced where the owner synced
/// </code>
/// </summary>
internal static class ReplicationCodec
{
    public const byte Hello = LinkFrameKind.FirstOfService;
    public const byte Standing = Hello + 1;
    public const byte Compare = Hello + 2;
    public const byte Listing = Hello + 3;
    public const byte Changes = Hello + 4;
    public const byte Confirmed = Hello + 5;

    public static void Write(IBufferWriter<byte> buffer, OwnerHello hello)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.WriteInt64(hello.Shard.Value);
        writer.WriteInt64(hello.Term);
        writer.WriteBinary(hello.Session.ToByteArray());
    }

    public static OwnerHello ReadHello(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        Require(reader.ReadArrayHeader() == 3);
        return new OwnerHello(new ShardId(reader.ReadInt32()), reader.ReadInt64(), new Guid(reader.ReadBinary()));
    }

    public static void Write(IBufferWriter<byte> buffer, FollowerStanding standing)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(2);
        writer.WriteBinary(standing.Session.ToByteArray());
        writer.WriteInt64(standing.Position);
    }

    public static FollowerStanding ReadStanding(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        Require(reader.ReadArrayHeader() == 2);
        return new FollowerStanding(new Guid(reader.ReadBinary()), reader.ReadInt64());
    }

    public static void Write(IBufferWriter<byte> buffer, FolderListing listing)
    {
        var writer = new MessagePackWriter(buffer);
        listing.Write(ref writer);
    }

    public static FolderListing ReadListing(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        return FolderListing.Read(ref reader);
    }

    /// <param name="buffer">Where to.</param>
    /// <param name="term">The owner's.</param>
    /// <param name="first">Number of the first change.</param>
    /// <param name="changes">They follow each other.</param>
    public static void Write(IBufferWriter<byte> buffer, long term, long first, IReadOnlyList<FolderChange> changes)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteArrayHeader(3);
        writer.WriteInt64(term);
        writer.WriteInt64(first);
        writer.WriteArrayHeader(changes.Count);
        foreach (FolderChange change in changes)
        {
            writer.WriteArrayHeader(5);
            writer.WriteInt64((int)change.Kind);
            writer.WriteString(change.Path);
            writer.WriteString(change.Target);
            writer.WriteInt64(change.Offset);
            writer.WriteBinary(change.Bytes.Span);
        }
    }

    public static ChangeBatch ReadChanges(ReadOnlySpan<byte> bytes)
    {
        var reader = new MessagePackReader(bytes);
        Require(reader.ReadArrayHeader() == 3);
        (long term, long first) = (reader.ReadInt64(), reader.ReadInt64());
        var changes = new FolderChange[reader.ReadArrayHeader()];
        for (int i = 0; i < changes.Length; i++)
        {
            Require(reader.ReadArrayHeader() == 5);
            var kind = (ChangeKind)reader.ReadInt32();
            Require(Enum.IsDefined(kind));
            (string path, string target) = (FolderListing.CheckName(reader.ReadRequiredString()), FolderListing.CheckName(reader.ReadRequiredString()));
            long offset = reader.ReadInt64();
            Require(offset >= 0);
            changes[i] = new FolderChange(kind, path, target, offset, reader.ReadBinary().ToArray());
        }

        return new ChangeBatch(term, first, changes);
    }

    public static void WritePosition(IBufferWriter<byte> buffer, long position)
    {
        var writer = new MessagePackWriter(buffer);
        writer.WriteInt64(position);
    }

    public static long ReadPosition(ReadOnlySpan<byte> bytes) => new MessagePackReader(bytes).ReadInt64();

    private static void Require(bool isTrue)
    {
        if (!isTrue) throw new MessagePackFormatException("A message between an owner and a follower has another shape.");
    }
}

/// <param name="Shard">Which one.</param>
/// <param name="Term">Of the owner's lease.</param>
/// <param name="Session">Of the owner's queue: numbers of another one mean something else.</param>
internal sealed record OwnerHello(ShardId Shard, long Term, Guid Session);

/// <param name="Session">Whose changes were followed last; none = nobody's, or the copy is not whole.</param>
/// <param name="Position">Number of the change that it needs next.</param>
internal sealed record FollowerStanding(Guid Session, long Position);

/// <param name="Term">Of the owner who sent it.</param>
/// <param name="First">Number of the first change.</param>
/// <param name="Changes">They follow each other.</param>
internal sealed record ChangeBatch(long Term, long First, FolderChange[] Changes);
