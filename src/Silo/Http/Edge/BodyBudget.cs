using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Http.Edge;

/// <summary>
/// Bytes of all bodies that are being read at once. Each body has a limit of its own, but thousands of connections that each send theirs slowly
/// would hold thousands of times that; past the budget a body is refused and can be sent again.
/// </summary>
internal sealed class BodyBudget(long limit)
{
    /// <summary>The budget of a server whose bodies are small: 256 of the largest that are taken by default.</summary>
    private const long UsualLimit = 256L << 20;

    private readonly long _limit = limit;
    private long _held;

    public long Held => Interlocked.Read(ref _held);

    public static BodyBudget For(SiloOptions options) => new(Math.Max(UsualLimit, 4 * options.MaxBodyBytes));

    public Share Open() => new(this);

    /// <summary>What one body holds; given back when the body has become an object.</summary>
    internal sealed class Share(BodyBudget budget) : IDisposable
    {
        private long _bytes;

        /// <exception cref="LatentDbException">overloaded.</exception>
        public void Grow(long bytes)
        {
            long held = Interlocked.Add(ref budget._held, bytes);
            _bytes += bytes;
            if (held > budget._limit) throw new LatentDbException(ErrorCode.Overloaded, "Too many large bodies are being read at once.") { RetryAfter = TimeSpan.FromSeconds(1) };
        }

        public void Dispose()
        {
            Interlocked.Add(ref budget._held, -_bytes);
            _bytes = 0;
        }
    }
}
