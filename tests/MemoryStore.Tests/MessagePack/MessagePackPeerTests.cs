using System.Diagnostics;
using LatentDb.MemoryStore.MessagePack;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.MessagePack;

/// <summary>Two other implementations read what we write and write what we read: every edge of the format, and documents made from seeds.</summary>
public sealed class MessagePackPeerTests
{
    private const string Peers = "tests/MemoryStore.Tests/MessagePack/peers";
    private const int Seed = 20261121;
    private const int Count = 500;
    private const int Depth = 4;

    [Fact]
    public void Every_document_comes_back_through_our_own_reader()
    {
        foreach (object? document in Sample())
        {
            byte[] bytes = Documents.ToBytes(document);

            object? read = Documents.FromBytes(bytes);

            Assert.Equal(DocumentText.Python.Of(document), DocumentText.Python.Of(read));
            Assert.Equal(bytes, Documents.ToBytes(read));
        }
    }

    [RequiresPythonModuleFact("msgpack")]
    public async Task Python_reads_our_documents_and_writes_the_same_bytes()
    {
        List<object?> documents = [.. Sample()];

        List<PeerLine> answers = await AskPythonAsync(documents.Select(d => Convert.ToHexStringLower(Documents.ToBytes(d))));

        Assert.Equal(documents.Count, answers.Count);
        foreach ((object? document, PeerLine answer) in documents.Zip(answers))
        {
            Assert.Equal(DocumentText.Python.Of(document), answer.Text);

            // Python has no 32-bit floats, so it writes them wider.
            if (!Documents.HasSingles(document)) Assert.Equal(Documents.ToBytes(document), answer.Bytes);
        }
    }

    [RequiresPythonModuleFact("msgpack")]
    public async Task We_read_the_documents_of_Python_and_write_the_same_bytes()
    {
        List<PeerLine> made = await AskPythonAsync([$"generate {Seed} {Count}"]);

        Assert.Equal(Count, made.Count);
        foreach (PeerLine line in made)
        {
            object? read = Documents.FromBytes(line.Bytes);
            Assert.Equal(line.Text, DocumentText.Python.Of(read));
            Assert.Equal(line.Bytes, Documents.ToBytes(read));
            SkipWhole(line.Bytes);
        }
    }

    [RequiresNodePackageFact(Peers, "@msgpack/msgpack")]
    public async Task JavaScript_reads_our_documents_and_we_read_its_copies()
    {
        List<object?> documents = [.. Sample()];

        List<PeerLine> answers = await AskJavaScriptAsync(documents.Select(d => Convert.ToHexStringLower(Documents.ToBytes(d))));

        Assert.Equal(documents.Count, answers.Count);
        foreach ((object? document, PeerLine answer) in documents.Zip(answers))
        {
            string text = DocumentText.JavaScript.Of(document);
            Assert.Equal(text, answer.Text);
            Assert.Equal(text, DocumentText.JavaScript.Of(Documents.FromBytes(answer.Bytes)));
        }
    }

    [RequiresNodePackageFact(Peers, "@msgpack/msgpack")]
    public async Task We_read_the_documents_of_JavaScript()
    {
        List<PeerLine> made = await AskJavaScriptAsync([$"generate {Seed} {Count}"]);

        Assert.Equal(Count, made.Count);
        foreach (PeerLine line in made)
        {
            Assert.Equal(line.Text, DocumentText.JavaScript.Of(Documents.FromBytes(line.Bytes)));
            SkipWhole(line.Bytes);
        }
    }

    private static IEnumerable<object?> Sample()
    {
        var random = new Random(Seed);
        return Documents.Edges().Concat(Enumerable.Range(0, Count).Select(_ => Documents.Random(random, Depth)));
    }

    private static void SkipWhole(byte[] bytes)
    {
        var reader = new MessagePackReader(bytes);
        reader.Skip();
        Assert.True(reader.IsAtEnd);
    }

    private static Task<List<PeerLine>> AskPythonAsync(IEnumerable<string> questions) =>
        AskAsync(RequiresPythonModuleFactAttribute.FindInterpreter("msgpack")!, "peer.py", questions);

    private static Task<List<PeerLine>> AskJavaScriptAsync(IEnumerable<string> questions) => AskAsync("node", "peer.mjs", questions);

    private static async Task<List<PeerLine>> AskAsync(string program, string script, IEnumerable<string> questions)
    {
        var start = new ProcessStartInfo(program, [RepositoryFiles.Combine(Peers, script)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process peer = Process.Start(start)!;

        // Both ends at once: a pipe holds less than the questions, and so does the one of the answers.
        Task asking = Task.Run(async () =>
        {
            foreach (string question in questions) await peer.StandardInput.WriteLineAsync(question);
            peer.StandardInput.Close();
        });
        var answers = new List<PeerLine>();
        while (await peer.StandardOutput.ReadLineAsync() is string line) answers.Add(PeerLine.Parse(line));
        await asking;
        await peer.WaitForExitAsync();
        Assert.Equal(0, peer.ExitCode);
        return answers;
    }

    /// <summary>What a peer prints of a document.</summary>
    private sealed record PeerLine(string Text, byte[] Bytes)
    {
        public static PeerLine Parse(string line)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            return new PeerLine(line[..space], Convert.FromHexString(line.AsSpan(space + 1)));
        }
    }
}
