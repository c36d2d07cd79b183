namespace LatentDb.Serving;

/// <summary>What is put under load: the model host of this process, or a server. Memories are numbered; memory m belongs to tenant m modulo tenants.</summary>
internal interface IServed : IAsyncDisposable
{
    /// <summary>For the report.</summary>
    string Name { get; }

    /// <summary>Writes a text into a memory and ends when it is committed.</summary>
    Task InjectAsync(int memory, string text, CancellationToken cancellationToken);

    /// <summary>The pieces of an answer as they come.</summary>
    IAsyncEnumerable<string> AskAsync(int memory, string prompt, int maxTokens, CancellationToken cancellationToken);

    /// <summary>True for "no place now, come again": the one failure that load is allowed to cause.</summary>
    bool IsRefusal(Exception error);
}
