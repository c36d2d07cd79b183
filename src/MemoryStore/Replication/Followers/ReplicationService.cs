using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.MessagePack;
using Microsoft.Extensions.Logging;

namespace LatentDb.MemoryStore.Replication.Followers;

/// <summary>The follower's end of a link: one stream for each shard that is copied to this silo.</summary>
public sealed partial class ReplicationService(ReplicationHost host) : FramedLinkService
{
    /// <inheritdoc/>
    public override LinkChannel Channel => LinkChannel.Replication;

    /// <inheritdoc/>
    protected override async Task AnswerAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        try
        {
            await FollowAsync(request, answer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw DurableFile.ToStoreError(e, "Following a shard");
        }
        catch (MessagePackFormatException e)
        {
            throw new LatentDbException(ErrorCode.DataDamaged, "An owner of a shard sent what cannot be read.", e);
        }
    }

    /// <inheritdoc/>
    protected override void OnDefect(Exception error) => LogDefect(host.Logger, error);

    private async Task FollowAsync(LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        OwnerHello hello = ReplicationCodec.ReadHello((await request.ReadAsync(ReplicationCodec.Hello, cancellationToken).ConfigureAwait(false)).Span);
        host.RequireStarted();
        ReplicaFolder folder = host.Folders.Of(hello.Shard);
        FollowerStanding standing = folder.Enter(hello, out CancellationToken gone);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, gone);
        try
        {
            await AnswerAsync(folder, hello, standing, request, answer, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            folder.RequireTerm(hello.Term);
            throw new LinkBrokenException("The owner has opened another link.");
        }
    }

    private static async Task AnswerAsync(
        ReplicaFolder folder, OwnerHello hello, FollowerStanding standing, LinkReader request, LinkWriter answer, CancellationToken cancellationToken)
    {
        using var buffer = new LinkBuffer();
        ReplicationCodec.Write(buffer, standing);
        await answer.WriteAsync(ReplicationCodec.Standing, buffer.Written, cancellationToken).ConfigureAwait(false);
        while (await request.ReadAsync(cancellationToken).ConfigureAwait(false) is { } frame)
        {
            buffer.Clear();
            if (frame.Kind == ReplicationCodec.Compare)
            {
                ReplicationCodec.Write(buffer, folder.List());
                await answer.WriteAsync(ReplicationCodec.Listing, buffer.Written, cancellationToken).ConfigureAwait(false);
                continue;
            }

            ReplicationCodec.WritePosition(buffer, folder.Apply(ReplicationCodec.ReadChanges(frame.Payload.Span), hello.Session));
            await answer.WriteAsync(ReplicationCodec.Confirmed, buffer.Written, cancellationToken).ConfigureAwait(false);
        }
    }

    [LoggerMessage(EventId = 186, Level = LogLevel.Error, Message = "A defect while following a shard.")]
    private static partial void LogDefect(ILogger logger, Exception error);
}
