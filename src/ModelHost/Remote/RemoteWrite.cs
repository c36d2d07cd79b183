using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;
using LatentDb.ModelHost.Remote.Codecs;
using LatentDb.ModelHost.Remote.Slices;

namespace LatentDb.ModelHost.Remote;

/// <summary>
/// One try of a write at one silo. Each slice is verified and staged as it comes; the outcome counts only when every slice that the silo sent is here and
/// every block that it names has some.
/// </summary>
/// <remarks>
/// A try writes blocks of its own. What an earlier one left staged is named by nobody and goes with the transaction; its ids are not used again, because
/// the silo that broke may keep under them what never came here.
/// </remarks>
internal sealed class RemoteWrite(RemoteCall call, IBlockSink sink)
{
    private readonly HashSet<BlockId> _reserved = [];
    private readonly HashSet<BlockId> _begun = [];
    private readonly SliceReceipt _receipt = new(new SliceBuffer());
    private int _slices;

    /// <summary>True once something was staged.</summary>
    public bool HasStaged => _slices > 0;

    public async Task<InjectOutcome> InjectAsync(ModelCall what, Manifest head, CancellationToken cancellationToken)
    {
        LinkFrame last = await RunAsync(what, head, ModelFrameKind.Outcome, cancellationToken).ConfigureAwait(false);
        InjectOutcome outcome = ReadOutcome(last.Payload.Span);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    public async Task<Manifest> WriteGenesisAsync(ModelCall what, CancellationToken cancellationToken)
    {
        LinkFrame last = await RunAsync(what, head: null, ModelFrameKind.Genesis, cancellationToken).ConfigureAwait(false);
        Manifest manifest = ReadGenesis(last.Payload.Span);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
        return manifest;
    }

    private async Task<LinkFrame> RunAsync(ModelCall what, Manifest? head, byte end, CancellationToken cancellationToken)
    {
        _reserved.UnionWith(what.Blocks);
        await call.SendAsync(ModelFrameKind.Call, what, ModelCallCodec.Write, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            LinkFrame frame = await call.ReceiveAsync(cancellationToken).ConfigureAwait(false);
            if (frame.Kind == end) return frame;
            switch (frame.Kind)
            {
                case ModelFrameKind.WantManifest when head is not null:
                    await call.SendAsync(ModelFrameKind.Manifest, head, ManifestShelf.Write, cancellationToken).ConfigureAwait(false);
                    continue;
                case ModelFrameKind.SliceHead:
                    _receipt.Clear();
                    _receipt.Begin(frame.Payload.Span);
                    break;
                case ModelFrameKind.SliceBytes:
                    _receipt.Add(frame.Payload.Span);
                    break;
                default:
                    throw RemoteLink.Nonsense($"a message of kind {frame.Kind} in a write");
            }

            if (_receipt.IsWhole) await StageAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask StageAsync(CancellationToken cancellationToken)
    {
        BlockSlice slice = _receipt.Complete();
        BlockId block = slice.Address.Block;
        if (!_reserved.Contains(block)) throw RemoteLink.Nonsense($"a slice of block {block}, which is not reserved for it");
        await sink.StageAsync(slice, cancellationToken).ConfigureAwait(false);
        RemoteTelemetry.Received(slice.TensorBytes);
        _slices++;
        if (!_begun.Add(block)) return;
        BlockId next = sink.NextBlock();
        _reserved.Add(next);
        try
        {
            await call.SendAsync(ModelFrameKind.Block, next, static (buffer, id) => WriteBlock(buffer, id), cancellationToken).ConfigureAwait(false);
        }
        catch (ElsewhereException)
        {
            // A silo that has sent all that it has to say needs no more ids and listens no longer. Whether it has, or is lost, the next read tells.
        }
    }

    private InjectOutcome ReadOutcome(ReadOnlySpan<byte> bytes)
    {
        try
        {
            (InjectOutcome outcome, int slices) = AnswerCodec.ReadOutcome(bytes);
            Require(slices == _slices, $"{slices} slices, of which {_slices} came");
            foreach (ManifestDelta delta in outcome.Deltas) Require(_begun.Contains(delta.Block), $"an outcome that names block {delta.Block} without slices");
            return outcome;
        }
        catch (MessagePackFormatException)
        {
            throw RemoteLink.Nonsense("an outcome that cannot be read");
        }
    }

    private Manifest ReadGenesis(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new MessagePackReader(bytes);
            Manifest manifest = reader.ReadManifest();
            foreach (ManifestBlock block in manifest.Blocks) Require(_begun.Contains(block.Id), $"a genesis that names block {block.Id} without slices");
            return manifest;
        }
        catch (MessagePackFormatException)
        {
            throw RemoteLink.Nonsense("a genesis that cannot be read");
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds) throw RemoteLink.Nonsense(otherwise);
    }

    private static void WriteBlock(System.Buffers.IBufferWriter<byte> buffer, BlockId block)
    {
        var writer = new MessagePackWriter(buffer);
        BlockCodec.Write(ref writer, block);
    }
}
