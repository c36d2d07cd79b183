using System.Text.Json;

namespace LatentDb.Cli.Evaluation.Data;

/// <summary>Questions with short answers over paragraphs, in the JSON layout of SQuAD 1.1 and 2.0.</summary>
/// <param name="Contexts">Every paragraph, in order.</param>
/// <param name="Questions">Paragraph, question, first answer.</param>
internal sealed record SquadFile(IReadOnlyList<string> Contexts, IReadOnlyList<SquadQuestion> Questions)
{
    /// <exception cref="UsageException">The file is not in that layout.</exception>
    public static async Task<SquadFile> ReadAsync(string path, CancellationToken cancellationToken)
    {
        FileStream file = File.OpenRead(path);
        await using (file.ConfigureAwait(false))
        {
            try
            {
                using JsonDocument document = await JsonDocument.ParseAsync(file, default, cancellationToken).ConfigureAwait(false);
                return Read(document.RootElement);
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new UsageException($"'{path}' is not in the layout of SQuAD: {error.Message}");
            }
        }
    }

    private static SquadFile Read(JsonElement root)
    {
        List<string> contexts = [];
        List<SquadQuestion> questions = [];
        foreach (JsonElement paragraph in root.GetProperty("data").EnumerateArray().SelectMany(a => a.GetProperty("paragraphs").EnumerateArray()))
        {
            string context = paragraph.GetProperty("context").GetString()!;
            contexts.Add(context);
            foreach (JsonElement question in paragraph.GetProperty("qas").EnumerateArray())
            {
                JsonElement answers = question.GetProperty("answers");
                if (answers.GetArrayLength() == 0) continue; // SQuAD 2.0: no answer in the paragraph
                questions.Add(new SquadQuestion(context, question.GetProperty("question").GetString()!.Trim(), answers[0].GetProperty("text").GetString()!));
            }
        }

        return new SquadFile(contexts, questions);
    }
}

/// <summary>A question and where its answer stands.</summary>
internal sealed record SquadQuestion(string Context, string Question, string Answer);
