using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.ModelHost.Remote.Codecs;
using Microsoft.Extensions.Logging;

namespace LatentDb.ModelHost.Remote.Slices;

/// <summary>
/// Gives the slices of this silo's shards to the model silos. One stream, one reader: wish after wish, each answered with a slice or with why there is
/// none. A wish says from which byte on, so that a reader whose stream broke gets what it lacks.
/// </summary>
/// <param name="blocks">The local shards.</param>
/// <param name="logger">For defects.</param>
internal sealed partial class BlockService(IBlockSource blocks, ILogger<BlockService> logger) : FramedLinkService
{
    public override LinkChannel Channel => LinkChannel.Blocks;

    protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        var buffer = new SliceBuffer();
        using var sender = new SliceSender(answer);
        while (await request.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            (SliceAddress slice, int from) = ReadWish(frame.Payload.Span);
            switch (frame.Kind)
            {
                case ModelFrameKind.Announce:
                    await AnnounceAsync(slice, cancellationToken).ConfigureAwait(false);
                    break;
                case ModelFrameKind.Read:
                    await SendAsync(slice, from, buffer, sender, answer, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw new LatentDbException(ErrorCode.Internal, $"A message of kind {frame.Kind} on the channel of blocks.");
            }
        }
    }

    protected override void OnDefect(Exception error) => LogDefect(logger, error);

    private async ValueTask AnnounceAsync(SliceAddress slice, CancellationToken cancellationToken)
    {
        try
        {
            await blocks.AnnounceAsync(slice, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException)
        {
            // The wish that follows is answered with what is wrong.
        }
    }

    private async ValueTask SendAsync(SliceAddress slice, int from, SliceBuffer buffer, SliceSender sender, LinkWriter answer, CancellationToken cancellationToken)
    {
        BlockSlice found;
        try
        {
            found = await blocks.ReadAsync(slice, buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (LatentDbException error)
        {
            using var payload = new LinkBuffer();
            RefusalCodec.Write(payload, error);
            await answer.WriteAsync(ModelFrameKind.Failed, payload.Written, cancellationToken).ConfigureAwait(false);
            return;
        }

        RemoteTelemetry.Sent(found.TensorBytes);
        await sender.SendAsync(found, from, cancellationToken).ConfigureAwait(false);
        await answer.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static (SliceAddress Slice, int From) ReadWish(ReadOnlySpan<byte> payload)
    {
        try
        {
            return BlockCodec.ReadWish(payload);
        }
        catch (MessagePackFormatException error)
        {
            throw new LatentDbException(ErrorCode.Internal, "A wish for a slice cannot be read.", error);
        }
    }

    [LoggerMessage(2101, LogLevel.Error, "A defect while a model silo read blocks")]
    private static partial void LogDefect(ILogger logger, Exception error);
}
